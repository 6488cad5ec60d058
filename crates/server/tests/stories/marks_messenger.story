# Reactions and pinned messages in the messenger vocabulary.
register alice
register bob
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":null,"open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~","updatedAt":"~"}
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=m","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
connect a alice messenger
a< onlineUsers "~"
connect b bob messenger
b< onlineUsers "~"
a< userOnline "~"

# A reaction is told to all members. The same again is confirmed, and told to nobody.
b> reactMessage {"messageId":"$m","emoji":"👍"} => {"success":true}
b< messageReacted {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","emoji":"👍","active":true,"count":1}
a< messageReacted {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","emoji":"👍","active":true,"count":1}
b> reactMessage {"messageId":"$m","emoji":"👍"} => {"success":true}
a> reactMessage {"messageId":"$m","emoji":"👍"}
b< messageReacted {"_id":"$m","recipient":"$bob","group":null,"userId":"$alice","emoji":"👍","active":true,"count":2}
a< messageReacted {"_id":"$m","recipient":"$bob","group":null,"userId":"$alice","emoji":"👍","active":true,"count":2}

# Taken back, once.
b> unreactMessage {"messageId":"$m","emoji":"👍"} => {"success":true}
b< messageReacted {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","emoji":"👍","active":false,"count":1}
a< messageReacted {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","emoji":"👍","active":false,"count":1}
b> unreactMessage {"messageId":"$m","emoji":"👍"} => {"success":true}

# What is no emoji, and what nobody can see.
b> reactMessage {"messageId":"$m","emoji":"two words"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`emoji` must not contain spaces or control characters."}
b> reactMessage {"messageId":"unknown","emoji":"👍"} => {"success":false,"code":"ERR_NOT_FOUND","message":"There is no message `unknown` that you can see."}
b> unreactMessage {"messageId":"$m"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`emoji` is missing in unreactMessage."}

# A pin.
a> setMessagePin {"messageId":"$m","pinned":true} => {"success":true}
b< messagePinChanged {"_id":"$m","recipient":"$bob","group":null,"userId":"$alice","pinned":true}
a< messagePinChanged {"_id":"$m","recipient":"$bob","group":null,"userId":"$alice","pinned":true}
a> setMessagePin {"messageId":"$m","pinned":true} => {"success":true}
b> setMessagePin {"messageId":"$m","pinned":false} => {"success":true}
b< messagePinChanged {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","pinned":false}
a< messagePinChanged {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","pinned":false}
a> setMessagePin "$m" => {"success":true}
b< messagePinChanged {"_id":"$m","recipient":"$bob","group":null,"userId":"$alice","pinned":true}
a< messagePinChanged {"_id":"$m","recipient":"$bob","group":null,"userId":"$alice","pinned":true}

# Over HTTP.
rest bob PUT /messages/$m/reactions/%E2%9D%A4 => 204
b< messageReacted {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","emoji":"❤","active":true,"count":1}
a< messageReacted {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","emoji":"❤","active":true,"count":1}
rest bob GET /messages/$m/reactions => 200 {"items":[{"emoji":"👍","count":1,"userIds":["$alice"],"mine":false},{"emoji":"❤","count":1,"userIds":["$bob"],"mine":true}]}
rest bob DELETE /messages/$m/reactions/%E2%9D%A4 => 204
b< messageReacted {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","emoji":"❤","active":false,"count":0}
a< messageReacted {"_id":"$m","recipient":"$alice","group":null,"userId":"$bob","emoji":"❤","active":false,"count":0}
rest bob GET /conversations/$c/pins => 200 {"items":[{"message":"~","by":"$alice","at":"~time"}]}
rest alice DELETE /messages/$m/pin => 204
b< messagePinChanged {"_id":"$m","recipient":"$bob","group":null,"userId":"$alice","pinned":false}
a< messagePinChanged {"_id":"$m","recipient":"$bob","group":null,"userId":"$alice","pinned":false}
rest bob GET /conversations/$c/pins => 200 {"items":[]}
