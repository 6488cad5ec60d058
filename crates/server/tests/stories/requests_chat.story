# Requests in the chat vocabulary: a stranger's first message waits, the other is told by a notification, and accepts.
set QUINTET_PEOPLE_CONTACT requests
register alice
register bob
register carol
connect a alice chat
a< users:online ["$alice"]
connect b bob chat
b< users:online ["$alice","$bob"]
a< user:status {"userId":"$bob","status":"online"}

# The conversation is hers alone. It shows both, and him as if he were not there.
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":["~",{"user":{"id":"$bob","username":"bob","name":"Bob Example","avatar":null,"online":false,"lastSeen":null,"createdAt":"~time"},"role":"member","joinedAt":"~time","readSequence":0}],"lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
a< chat:created {"chat":{"id":"$c","name":null,"type":"direct","created_by":null,"created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":null,"participants":[{"id":"$alice","username":"alice","email":"","avatar_url":"~picture","status":"online","role":"member","joined_at":"~time","last_read_at":null},{"id":"$bob","username":"bob","email":"","avatar_url":"~picture","status":"offline","role":"member","joined_at":"~time","last_read_at":null}]}}
# The first message is acknowledged as ever, and waits.
a> message:send {"chatId":"$c","content":"hello","clientMessageId":"1"} => {"success":true,"message":"~"}
a< message:new "~"
b< notification:new {"userId":"$bob","notification":{"id":"~","title":"New Message Request","message":"You have a new message request from Alice Example.","timestamp":"~time"}}
# Sent again, it is answered as the first time; another one is refused.
a> message:send {"chatId":"$c","content":"hello","clientMessageId":"1"} => {"success":true,"message":"~"}
a> message:send {"chatId":"$c","content":"are you there?"} => {"success":false,"code":"ERR_CONFLICT","message":"Your first message waits until this user has accepted it."}

# He sees it over HTTP, and accepts: the conversation appears to him, and then the message.
rest bob GET /me/requests => 200 {"items":[{"id":"=r","type":"message","from":"~","conversation":{"id":"$c","kind":"direct","name":null},"message":"~","createdAt":"~time"}]}
rest bob POST /me/requests/$r/accept => 200
b< chat:created {"chat":{"id":"$c","name":null,"type":"direct","created_by":null,"created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":"~","participants":["~","~"]}}
b< message:new {"id":"~","chat_id":"$c","chatId":"$c","sender_id":"$alice","content":"hello","message_type":"text","is_edited":false,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":"~","sequence":"~","clientMessageId":"1"}
rest bob GET /me/requests => 200 {"items":[]}
rest bob POST /me/requests/$r/accept => 404

# From now on they write to each other.
b> message:send {"chatId":"$c","content":"hi"} => {"success":true,"message":"~"}
b< message:new "~"
a< message:new "~"
a> message:send {"chatId":"$c","content":"well"} => {"success":true,"message":"~"}
a< message:new "~"
b< message:new "~"

# A group of his own makes them no acquaintances: she is invited, and nobody is told before she accepts.
rest bob POST /conversations {"kind":"group","name":"Team"} => 201
b< chat:created {"chat":{"id":"=g","name":"Team","type":"group","created_by":"$bob","created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":null,"participants":["~"]}}
rest bob POST /conversations/$g/members {"userId":"$carol"} => 201
rest carol GET /me/requests => 200 {"items":[{"id":"=r","type":"group","from":"~","conversation":{"id":"$g","kind":"group","name":"Team"},"message":null,"createdAt":"~time"}]}
rest carol POST /me/requests/$r/accept => 200
b< member:joined {"chatId":"$g","user":"~"}
