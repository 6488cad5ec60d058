# Reactions and pinned messages in the conversations vocabulary.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~","updatedAt":"~"}
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=m","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
connect a alice conversations
a< online_users "~"
connect b bob conversations
b< online_users "~"
a< user_online "~"

# A reaction is told to all members. The same again is confirmed, and told to nobody.
b> add_reaction {"messageId":"$m","emoji":"👍"} => {"success":true}
b< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$bob","emoji":"👍","active":true,"count":1}
a< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$bob","emoji":"👍","active":true,"count":1}
b> add_reaction {"messageId":"$m","emoji":"👍"} => {"success":true}
a> add_reaction {"messageId":"$m","emoji":"👍"}
b< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$alice","emoji":"👍","active":true,"count":2}
a< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$alice","emoji":"👍","active":true,"count":2}

# Taken back, once.
b> remove_reaction {"messageId":"$m","emoji":"👍"} => {"success":true}
b< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$bob","emoji":"👍","active":false,"count":1}
a< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$bob","emoji":"👍","active":false,"count":1}
b> remove_reaction {"messageId":"$m","emoji":"👍"} => {"success":true}

# What is no emoji, and what nobody can see.
b> add_reaction {"messageId":"$m","emoji":"two words"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`emoji` must not contain spaces or control characters."}
b> add_reaction {"messageId":"unknown","emoji":"👍"} => {"success":false,"code":"ERR_NOT_FOUND","message":"There is no message `unknown` that you can see."}
b> remove_reaction {"messageId":"$m"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`emoji` is missing in remove_reaction."}

# A pin.
a> set_message_pin {"messageId":"$m","pinned":true} => {"success":true}
b< message_pin_changed {"messageId":"$m","conversationId":"$c","userId":"$alice","pinned":true}
a< message_pin_changed {"messageId":"$m","conversationId":"$c","userId":"$alice","pinned":true}
a> set_message_pin {"messageId":"$m","pinned":true} => {"success":true}
b> set_message_pin {"messageId":"$m","pinned":false} => {"success":false,"code":"ERR_FORBIDDEN","message":"Unauthorized: only who leads the conversation may pin a message."}
a> set_message_pin {"messageId":"$m","pinned":false} => {"success":true}
b< message_pin_changed {"messageId":"$m","conversationId":"$c","userId":"$alice","pinned":false}
a< message_pin_changed {"messageId":"$m","conversationId":"$c","userId":"$alice","pinned":false}
a> set_message_pin "$m" => {"success":true}
b< message_pin_changed {"messageId":"$m","conversationId":"$c","userId":"$alice","pinned":true}
a< message_pin_changed {"messageId":"$m","conversationId":"$c","userId":"$alice","pinned":true}

# Over HTTP.
rest bob PUT /messages/$m/reactions/%E2%9D%A4 => 204
b< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$bob","emoji":"❤","active":true,"count":1}
a< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$bob","emoji":"❤","active":true,"count":1}
rest bob GET /messages/$m/reactions => 200 {"items":[{"emoji":"👍","count":1,"userIds":["$alice"],"mine":false},{"emoji":"❤","count":1,"userIds":["$bob"],"mine":true}]}
rest bob DELETE /messages/$m/reactions/%E2%9D%A4 => 204
b< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$bob","emoji":"❤","active":false,"count":0}
a< message_reaction {"messageId":"$m","conversationId":"$c","userId":"$bob","emoji":"❤","active":false,"count":0}
rest bob GET /conversations/$c/pins => 200 {"items":[{"message":"~","by":"$alice","at":"~time"}]}
rest alice DELETE /messages/$m/pin => 204
b< message_pin_changed {"messageId":"$m","conversationId":"$c","userId":"$alice","pinned":false}
a< message_pin_changed {"messageId":"$m","conversationId":"$c","userId":"$alice","pinned":false}
rest bob GET /conversations/$c/pins => 200 {"items":[]}
