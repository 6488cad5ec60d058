# Reactions and pinned messages in the rooms vocabulary.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~","updatedAt":"~"}
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=m","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
connect a alice rooms
connect b bob rooms
a< user_joined "~"

# A reaction is told to all members. The same again is confirmed, and told to nobody.
b> react_message {"messageId":"$m","emoji":"👍"} => {"ok":true}
b< message_reacted {"id":"$m","roomId":"$c","userId":"$bob","emoji":"👍","active":true,"count":1}
a< message_reacted {"id":"$m","roomId":"$c","userId":"$bob","emoji":"👍","active":true,"count":1}
b> react_message {"messageId":"$m","emoji":"👍"} => {"ok":true}
a> react_message {"messageId":"$m","emoji":"👍"}
b< message_reacted {"id":"$m","roomId":"$c","userId":"$alice","emoji":"👍","active":true,"count":2}
a< message_reacted {"id":"$m","roomId":"$c","userId":"$alice","emoji":"👍","active":true,"count":2}

# Taken back, once.
b> unreact_message {"messageId":"$m","emoji":"👍"} => {"ok":true}
b< message_reacted {"id":"$m","roomId":"$c","userId":"$bob","emoji":"👍","active":false,"count":1}
a< message_reacted {"id":"$m","roomId":"$c","userId":"$bob","emoji":"👍","active":false,"count":1}
b> unreact_message {"messageId":"$m","emoji":"👍"} => {"ok":true}

# What is no emoji, and what nobody can see.
b> react_message {"messageId":"$m","emoji":"two words"} => {"ok":false,"code":"ERR_INVALID_PAYLOAD","message":"`emoji` must not contain spaces or control characters."}
b> react_message {"messageId":"unknown","emoji":"👍"} => {"ok":false,"code":"ERR_NOT_FOUND","message":"There is no message `unknown` that you can see."}
b> unreact_message {"messageId":"$m"} => {"ok":false,"code":"ERR_INVALID_PAYLOAD","message":"`emoji` is missing in unreact_message."}

# A pin.
a> pin_message {"messageId":"$m"} => {"ok":true}
b< message_pinned {"id":"$m","roomId":"$c","userId":"$alice","pinned":true}
a< message_pinned {"id":"$m","roomId":"$c","userId":"$alice","pinned":true}
a> pin_message {"messageId":"$m"} => {"ok":true}
b> unpin_message {"messageId":"$m"} => {"ok":false,"code":"ERR_FORBIDDEN","message":"Unauthorized: only who leads the conversation may pin a message."}
a> unpin_message {"messageId":"$m"} => {"ok":true}
b< message_pinned {"id":"$m","roomId":"$c","userId":"$alice","pinned":false}
a< message_pinned {"id":"$m","roomId":"$c","userId":"$alice","pinned":false}
a> pin_message "$m" => {"ok":true}
b< message_pinned {"id":"$m","roomId":"$c","userId":"$alice","pinned":true}
a< message_pinned {"id":"$m","roomId":"$c","userId":"$alice","pinned":true}

# Over HTTP.
rest bob PUT /messages/$m/reactions/%E2%9D%A4 => 204
b< message_reacted {"id":"$m","roomId":"$c","userId":"$bob","emoji":"❤","active":true,"count":1}
a< message_reacted {"id":"$m","roomId":"$c","userId":"$bob","emoji":"❤","active":true,"count":1}
rest bob GET /messages/$m/reactions => 200 {"items":[{"emoji":"👍","count":1,"userIds":["$alice"],"mine":false},{"emoji":"❤","count":1,"userIds":["$bob"],"mine":true}]}
rest bob DELETE /messages/$m/reactions/%E2%9D%A4 => 204
b< message_reacted {"id":"$m","roomId":"$c","userId":"$bob","emoji":"❤","active":false,"count":0}
a< message_reacted {"id":"$m","roomId":"$c","userId":"$bob","emoji":"❤","active":false,"count":0}
rest bob GET /conversations/$c/pins => 200 {"items":[{"message":"~","by":"$alice","at":"~time"}]}
rest alice DELETE /messages/$m/pin => 204
b< message_pinned {"id":"$m","roomId":"$c","userId":"$alice","pinned":false}
a< message_pinned {"id":"$m","roomId":"$c","userId":"$alice","pinned":false}
rest bob GET /conversations/$c/pins => 200 {"items":[]}
