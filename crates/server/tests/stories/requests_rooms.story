# Requests in the rooms vocabulary: a stranger's first message waits, the other is told by a notification, and accepts.
set QUINTET_PEOPLE_CONTACT requests
register alice
register bob
register carol
connect a alice rooms
connect b bob rooms

# The conversation is hers alone. It shows both, and him as if he were not there.
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":["~",{"user":{"id":"$bob","username":"bob","name":"Bob Example","avatar":null,"online":false,"lastSeen":null,"createdAt":"~time"},"role":"member","joinedAt":"~time","readSequence":0}],"lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
a< room_added {"id":"$c","name":"alice, bob","createdAt":"~time","type":"direct","description":null,"open":false,"ownerId":null,"memberCount":2}
# The first message is acknowledged as ever, and waits.
a> send_message {"roomId":"$c","userId":"$alice","content":"hello","clientMessageId":"1"} => {"ok":true,"message":"~"}
a< message_received "~"
b< notification_received {"userId":"$bob","notification":{"id":"~","title":"New Message Request","message":"You have a new message request from Alice Example.","timestamp":"~time"}}
# Sent again, it is answered as the first time; another one is refused.
a> send_message {"roomId":"$c","userId":"$alice","content":"hello","clientMessageId":"1"} => {"ok":true,"message":"~"}
a> send_message {"roomId":"$c","userId":"$alice","content":"are you there?"} => {"ok":false,"code":"ERR_CONFLICT","message":"Your first message waits until this user has accepted it."}

# He sees it over HTTP, and accepts: the conversation appears to him, and then the message.
rest bob GET /me/requests => 200 {"items":[{"id":"=r","type":"message","from":"~","conversation":{"id":"$c","kind":"direct","name":null},"message":"~","createdAt":"~time"}]}
rest bob POST /me/requests/$r/accept => 200
b< room_added {"id":"$c","name":"~","createdAt":"~time","type":"direct","description":null,"open":false,"ownerId":null,"memberCount":2}
b< message_received "~"
rest bob GET /me/requests => 200 {"items":[]}
rest bob POST /me/requests/$r/accept => 404

# From now on they write to each other.
b> send_message {"roomId":"$c","userId":"$bob","content":"hi"} => {"ok":true,"message":"~"}
b< message_received "~"
a< message_received "~"
a> send_message {"roomId":"$c","userId":"$alice","content":"well"} => {"ok":true,"message":"~"}
a< message_received "~"
b< message_received "~"

# A group of his own makes them no acquaintances: she is invited, and nobody is told before she accepts.
rest bob POST /conversations {"kind":"group","name":"Team"} => 201
b< room_added {"id":"=g","name":"Team","createdAt":"~time","type":"group","description":null,"open":false,"ownerId":"$bob","memberCount":1}
rest bob POST /conversations/$g/members {"userId":"$carol"} => 201
rest carol GET /me/requests => 200 {"items":[{"id":"=r","type":"group","from":"~","conversation":{"id":"$g","kind":"group","name":"Team"},"message":null,"createdAt":"~time"}]}
rest carol POST /me/requests/$r/accept => 200
b< user_joined "~"
