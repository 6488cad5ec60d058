# Reactions and pinned messages in the meetup vocabulary.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~","updatedAt":"~"}
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=m","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
connect a alice meetup
a< connected "~"
a< presenceList "~"
connect b bob meetup
b< connected "~"
b< presenceList "~"
a< userPresence "~"

# A reaction is told to all members. The same again is confirmed, and told to nobody.
b> addReaction {"messageId":"$m","emoji":"👍"} => {"status":"reacted"}
b< messageReaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"👍","active":true,"count":1}
a< messageReaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"👍","active":true,"count":1}
b> addReaction {"messageId":"$m","emoji":"👍"} => {"status":"reacted"}
a> addReaction {"messageId":"$m","emoji":"👍"}
b< messageReaction {"messageId":"$m","chatId":"$c","userId":"$alice","emoji":"👍","active":true,"count":2}
a< messageReaction {"messageId":"$m","chatId":"$c","userId":"$alice","emoji":"👍","active":true,"count":2}

# Taken back, once.
b> removeReaction {"messageId":"$m","emoji":"👍"} => {"status":"unreacted"}
b< messageReaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"👍","active":false,"count":1}
a< messageReaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"👍","active":false,"count":1}
b> removeReaction {"messageId":"$m","emoji":"👍"} => {"status":"unreacted"}

# What is no emoji, and what nobody can see.
b> addReaction {"messageId":"$m","emoji":"two words"} => {"status":"error","code":"ERR_INVALID_PAYLOAD","message":"`emoji` must not contain spaces or control characters."}
b> addReaction {"messageId":"unknown","emoji":"👍"} => {"status":"error","code":"ERR_NOT_FOUND","message":"There is no message `unknown` that you can see."}
b> removeReaction {"messageId":"$m"} => {"status":"error","code":"ERR_INVALID_PAYLOAD","message":"`emoji` is missing in removeReaction."}

# A pin.
a> pinMessage {"messageId":"$m"} => {"status":"pinned"}
b< messagePinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":true}
a< messagePinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":true}
a> pinMessage {"messageId":"$m"} => {"status":"pinned"}
b> unpinMessage {"messageId":"$m"} => {"status":"error","code":"ERR_FORBIDDEN","message":"Unauthorized: only who leads the conversation may pin a message."}
a> unpinMessage {"messageId":"$m"} => {"status":"unpinned"}
b< messagePinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":false}
a< messagePinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":false}
a> pinMessage "$m" => {"status":"pinned"}
b< messagePinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":true}
a< messagePinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":true}

# Over HTTP.
rest bob PUT /messages/$m/reactions/%E2%9D%A4 => 204
b< messageReaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"❤","active":true,"count":1}
a< messageReaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"❤","active":true,"count":1}
rest bob GET /messages/$m/reactions => 200 {"items":[{"emoji":"👍","count":1,"userIds":["$alice"],"mine":false},{"emoji":"❤","count":1,"userIds":["$bob"],"mine":true}]}
rest bob DELETE /messages/$m/reactions/%E2%9D%A4 => 204
b< messageReaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"❤","active":false,"count":0}
a< messageReaction {"messageId":"$m","chatId":"$c","userId":"$bob","emoji":"❤","active":false,"count":0}
rest bob GET /conversations/$c/pins => 200 {"items":[{"message":"~","by":"$alice","at":"~time"}]}
rest alice DELETE /messages/$m/pin => 204
b< messagePinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":false}
a< messagePinned {"messageId":"$m","chatId":"$c","userId":"$alice","pinned":false}
rest bob GET /conversations/$c/pins => 200 {"items":[]}
