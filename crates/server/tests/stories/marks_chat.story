# Reactions and pinned messages in the chat vocabulary.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~","updatedAt":"~"}
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=m","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
connect a alice chat
a< users:online "~"
connect b bob chat
b< users:online "~"
a< user:status "~"

# A reaction is told to all members. The same again is confirmed, and told to nobody.
b> message:react {"messageId":"$m","emoji":"👍"} => {"success":true}
b< message:reaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"👍","active":true,"count":1}
a< message:reaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"👍","active":true,"count":1}
b> message:react {"messageId":"$m","emoji":"👍"} => {"success":true}
a> message:react {"messageId":"$m","emoji":"👍"}
b< message:reaction {"messageId":"$m","chatId":"$c","userId":"$alice","emoji":"👍","active":true,"count":2}
a< message:reaction {"messageId":"$m","chatId":"$c","userId":"$alice","emoji":"👍","active":true,"count":2}

# Taken back, once.
b> message:unreact {"messageId":"$m","emoji":"👍"} => {"success":true}
b< message:reaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"👍","active":false,"count":1}
a< message:reaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"👍","active":false,"count":1}
b> message:unreact {"messageId":"$m","emoji":"👍"} => {"success":true}

# What is no emoji, and what nobody can see.
b> message:react {"messageId":"$m","emoji":"two words"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`emoji` must not contain spaces or control characters."}
b> message:react {"messageId":"unknown","emoji":"👍"} => {"success":false,"code":"ERR_NOT_FOUND","message":"There is no message `unknown` that you can see."}
b> message:unreact {"messageId":"$m"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`emoji` is missing in message:unreact."}

# A pin.
a> message:pin {"messageId":"$m"} => {"success":true}
b< message:pinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":true}
a< message:pinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":true}
a> message:pin {"messageId":"$m"} => {"success":true}
b> message:unpin {"messageId":"$m"} => {"success":false,"code":"ERR_FORBIDDEN","message":"Unauthorized: only who leads the conversation may pin a message."}
a> message:unpin {"messageId":"$m"} => {"success":true}
b< message:pinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":false}
a< message:pinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":false}
a> message:pin "$m" => {"success":true}
b< message:pinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":true}
a< message:pinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":true}

# Over HTTP.
rest bob PUT /messages/$m/reactions/%E2%9D%A4 => 204
b< message:reaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"❤","active":true,"count":1}
a< message:reaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"❤","active":true,"count":1}
rest bob GET /messages/$m/reactions => 200 {"items":[{"emoji":"👍","count":1,"userIds":["$alice"],"mine":false},{"emoji":"❤","count":1,"userIds":["$bob"],"mine":true}]}
rest bob DELETE /messages/$m/reactions/%E2%9D%A4 => 204
b< message:reaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"❤","active":false,"count":0}
a< message:reaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"❤","active":false,"count":0}
rest bob GET /conversations/$c/pins => 200 {"items":[{"message":"~","by":"$alice","at":"~time"}]}
rest alice DELETE /messages/$m/pin => 204
b< message:pinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":false}
a< message:pinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":false}
rest bob GET /conversations/$c/pins => 200 {"items":[]}
