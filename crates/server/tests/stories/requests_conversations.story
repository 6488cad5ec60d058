# Requests in the conversations vocabulary: a stranger's first message waits, the other is told by a notification, and accepts.
set QUINTET_PEOPLE_CONTACT requests
register alice
register bob
register carol
connect a alice conversations
a< online_users ["$alice"]
connect b bob conversations
b< online_users ["$alice","$bob"]
a< user_online {"userId":"$bob","username":"bob"}

# The conversation is hers alone. It shows both, and him as if he were not there.
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":["~",{"user":{"id":"$bob","username":"bob","name":"Bob Example","avatar":null,"online":false,"lastSeen":null,"createdAt":"~time"},"role":"member","joinedAt":"~time","readSequence":0}],"lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
a< conversation_created {"conversation":{"_id":"$c","id":"$c","type":"direct","name":null,"participants":["~",{"_id":"$bob","id":"$bob","username":"bob","avatar":"~picture","status":"offline","lastSeen":"~time","createdAt":"~time","role":"member"}],"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
# The first message is acknowledged as ever, and waits.
a> send_message {"conversationId":"$c","content":"hello","clientMessageId":"1"} => {"success":true,"message":"~"}
a< receive_message "~"
b< notification_created {"userId":"$bob","notification":{"_id":"=n","id":"$n","title":"New Message Request","message":"You have a new message request from Alice Example.","timestamp":"~time"}}
# Sent again, it is answered as the first time; another one is refused.
a> send_message {"conversationId":"$c","content":"hello","clientMessageId":"1"} => {"success":true,"message":"~"}
a> send_message {"conversationId":"$c","content":"are you there?"} => {"success":false,"code":"ERR_CONFLICT","message":"Your first message waits until this user has accepted it."}

# He sees it over HTTP, and accepts: the conversation appears to him, and then the message.
rest bob GET /me/requests => 200 {"items":[{"id":"=r","type":"message","from":"~","conversation":{"id":"$c","kind":"direct","name":null},"message":"~","createdAt":"~time"}]}
rest bob POST /me/requests/$r/accept => 200
b< conversation_created {"conversation":{"_id":"$c","id":"$c","type":"direct","name":null,"participants":["~","~"],"lastMessage":"~","unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
b< receive_message {"message":"~","conversationId":"$c"}
rest bob GET /me/requests => 200 {"items":[]}
rest bob POST /me/requests/$r/accept => 404

# From now on they write to each other.
b> send_message {"conversationId":"$c","content":"hi"} => {"success":true,"message":"~"}
b< receive_message "~"
a< receive_message "~"
a> send_message {"conversationId":"$c","content":"well"} => {"success":true,"message":"~"}
a< receive_message "~"
b< receive_message "~"

# A group of his own makes them no acquaintances: she is invited, and nobody is told before she accepts.
rest bob POST /conversations {"kind":"group","name":"Team"} => 201
b< conversation_created {"conversation":{"_id":"=g","id":"$g","type":"group","name":"Team","participants":["~"],"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
rest bob POST /conversations/$g/members {"userId":"$carol"} => 201
rest carol GET /me/requests => 200 {"items":[{"id":"=r","type":"group","from":"~","conversation":{"id":"$g","kind":"group","name":"Team"},"message":null,"createdAt":"~time"}]}
rest carol POST /me/requests/$r/accept => 200
b< member_joined {"conversationId":"$g","user":"~"}
