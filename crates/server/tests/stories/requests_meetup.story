# Requests in the meetup vocabulary: a stranger's first message waits, the other is told by a notification, and accepts.
set QUINTET_PEOPLE_CONTACT requests
register alice
register bob
register carol
connect a alice meetup
a< connected "~"
a< presenceList ["$alice"]
connect b bob meetup
b< connected "~"
b< presenceList ["$alice","$bob"]
a< userPresence {"userId":"$bob","status":"online","lastSeen":"~time"}

# The conversation is hers alone. It shows both, and him as if he were not there.
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":["~",{"user":{"id":"$bob","username":"bob","name":"Bob Example","avatar":null,"online":false,"lastSeen":null,"createdAt":"~time"},"role":"member","joinedAt":"~time","readSequence":0}],"lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
a< chatCreated {"chat":{"chatId":"$c","id":"$c","type":"direct","name":null,"description":null,"open":false,"ownerId":null,"participants":["~",{"id":"$bob","username":"bob","name":"Bob Example","avatar":"~picture","role":"member"}],"memberCount":2,"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
# The first message is acknowledged as ever, and waits.
a> sendMessage {"chatId":"$c","senderId":"$alice","message":"hello","clientMessageId":"1"} => {"status":"sent","messageId":"=m","timestamp":"~time"}

b< newNotification {"userId":"$bob","notification":{"id":"~","title":"New Message Request","message":"You have a new message request from Alice Example.","timestamp":"~time"}}
# Sent again, it is answered as the first time; another one is refused.
a> sendMessage {"chatId":"$c","senderId":"$alice","message":"hello","clientMessageId":"1"} => {"status":"sent","messageId":"$m","timestamp":"~time"}
a> sendMessage {"chatId":"$c","senderId":"$alice","message":"are you there?"} => {"status":"error","code":"ERR_CONFLICT","message":"Your first message waits until this user has accepted it."}

# He sees it over HTTP, and accepts: the conversation appears to him, and then the message.
rest bob GET /me/requests => 200 {"items":[{"id":"=r","type":"message","from":"~","conversation":{"id":"$c","kind":"direct","name":null},"message":"~","createdAt":"~time"}]}
rest bob POST /me/requests/$r/accept => 200
b< chatCreated {"chat":{"chatId":"$c","id":"$c","type":"direct","name":null,"description":null,"open":false,"ownerId":null,"participants":["~","~"],"memberCount":2,"lastMessage":"~","unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
b< receiveMessage {"chatId":"$c","message":"~"}
rest bob GET /me/requests => 200 {"items":[]}
rest bob POST /me/requests/$r/accept => 404

# From now on they write to each other.
b> sendMessage {"chatId":"$c","senderId":"$bob","message":"hi"} => "~"
a< receiveMessage "~"
a> sendMessage {"chatId":"$c","senderId":"$alice","message":"well"} => "~"
b< receiveMessage "~"

# A group of his own makes them no acquaintances: she is invited, and nobody is told before she accepts.
rest bob POST /conversations {"kind":"group","name":"Team"} => 201
b< chatCreated {"chat":{"chatId":"=g","id":"$g","type":"group","name":"Team","description":null,"open":false,"ownerId":"$bob","participants":["~"],"memberCount":1,"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
rest bob POST /conversations/$g/members {"userId":"$carol"} => 201
rest carol GET /me/requests => 200 {"items":[{"id":"=r","type":"group","from":"~","conversation":{"id":"$g","kind":"group","name":"Team"},"message":null,"createdAt":"~time"}]}
rest carol POST /me/requests/$r/accept => 200
b< memberJoined "~"
