# Requests in the messenger vocabulary: a stranger's first message waits, the other is told by a notification, and decides.
set QUINTET_PEOPLE_CONTACT requests
register alice
register bob
register carol
connect a alice messenger
a< onlineUsers ["$alice"]
connect b bob messenger
b< onlineUsers ["$alice","$bob"]
a< userOnline "$bob"

# The first message is acknowledged as ever, and waits.
a> privateMessage {"recipientId":"$bob","content":"hello","clientMessageId":"1"} => {"success":true,"message":"~"}
a< messageSent "~"
b< notificationReceived {"userId":"$bob","notification":{"_id":"=n","id":"$n","title":"New Message Request","message":"You have a new message request from Alice Example.","timestamp":"~time"}}
# Sent again, it is answered as the first time; another one is refused, and he is not told that she types.
a> privateMessage {"recipientId":"$bob","content":"hello","clientMessageId":"1"} => {"success":true,"message":"~"}
a> privateMessage {"recipientId":"$bob","content":"are you there?"} => {"success":false,"code":"ERR_CONFLICT","message":"Your first message waits until this user has accepted it."}
a> startTyping {"recipientId":"$bob"} => "~"

# She is not shown that he is online.
connect o alice messenger
o< onlineUsers ["$alice"]
close o

# Writing to somebody who has asked accepts: the message that waited comes first.
b> privateMessage {"recipientId":"$alice","content":"hi"} => {"success":true,"message":"~"}
b< privateMessage {"_id":"=m","id":"$m","sender":"~","recipient":"$bob","group":null,"content":"hello","isRead":"~","createdAt":"~time","updatedAt":"~time","type":"text","sequence":"~","clientMessageId":"1"}
b< messageSent "~"
a< privateMessage "~"
rest bob GET /me/requests => 200 {"items":[]}
a> privateMessage {"recipientId":"$bob","content":"well"} => {"success":true,"message":"~"}
a< messageSent "~"
b< privateMessage "~"

# A request that is declined is silent: she is answered as if it still waited.
a> privateMessage {"recipientId":"$carol","content":"hello"} => {"success":true,"message":"~"}
a< messageSent "~"
rest carol GET /me/requests => 200 {"items":[{"id":"=r","type":"message","from":"~","conversation":"~","message":"~","createdAt":"~time"}]}
rest carol POST /me/requests/$r/decline => 204
rest carol POST /me/requests/$r/decline => 404
rest carol GET /me/requests => 200 {"items":[]}
a> privateMessage {"recipientId":"$carol","content":"are you there?"} => {"success":false,"code":"ERR_CONFLICT","message":"Your first message waits until this user has accepted it."}

# Whoever left a group is invited, and nobody is told before it accepts.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201
b< groupCreated {"group":{"_id":"=g","name":"Team","description":"","creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time"}}
b< userJoinedGroup "~"
a< groupCreated "~"
a< userJoinedGroup "~"
b> leaveGroup {"groupId":"$g"}
b< leftGroup "~"
a< userLeftGroup "~"
rest alice POST /conversations/$g/members {"userId":"$bob"} => 201
b< notificationReceived {"userId":"$bob","notification":{"_id":"=i","id":"$i","title":"New Group Invitation","message":"Alice Example invites you to Team.","timestamp":"~time"}}
rest bob GET /me/requests => 200 {"items":[{"id":"=r2","type":"group","from":"~","conversation":{"id":"$g","kind":"group","name":"Team"},"message":null,"createdAt":"~time"}]}
rest bob POST /me/requests/$r2/accept => 200
b< groupCreated "~"
b< userJoinedGroup {"groupId":"$g","user":"~"}
a< userJoinedGroup {"groupId":"$g","user":"~"}
