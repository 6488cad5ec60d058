# The messenger vocabulary: private messages, groups, presence, and its extensions.
register alice
register bob
register carol

connect a alice messenger
a< onlineUsers ["$alice"]
connect b bob /messenger
b< onlineUsers ["~","~"]
a< userOnline "$bob"

# A private message: the recipient gets it, the sender a confirmation with the same object.
a> privateMessage {"recipientId":"$bob","content":"Hello, this is a private message!"} => {"success":true,"message":{"_id":"=m1","id":"$m1","sender":{"_id":"$alice","id":"$alice","username":"alice","firstName":"Alice","lastName":"Example","avatar":"~picture"},"recipient":"$bob","group":null,"content":"Hello, this is a private message!","isRead":false,"createdAt":"~time","updatedAt":"~time","type":"text","sequence":1}}
a< messageSent {"_id":"$m1","id":"$m1","sender":{"_id":"$alice","id":"$alice","username":"alice","firstName":"Alice","lastName":"Example","avatar":"~picture"},"recipient":"$bob","group":null,"content":"Hello, this is a private message!","isRead":false,"createdAt":"~time","updatedAt":"~time","type":"text","sequence":1}
b< privateMessage {"_id":"$m1","id":"$m1","sender":{"_id":"$alice","id":"$alice","username":"alice","firstName":"Alice","lastName":"Example","avatar":"~picture"},"recipient":"$bob","group":null,"content":"Hello, this is a private message!","isRead":false,"createdAt":"~time","updatedAt":"~time","type":"text","sequence":1}

# A number becomes its text; to oneself or an unknown user is an error.
a> privateMessage {"recipientId":42,"content":"hi"}
a< error {"code":"ERR_NOT_FOUND","message":"There is no user `42` that you can see.","event":"privateMessage"}
a> privateMessage {"recipientId":"$alice","content":"hi"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`recipientId` must be another user."}

# A repeat of a send gets the first answer again; with other words it is a conflict.
b> privateMessage {"recipientId":"$alice","content":"once","clientMessageId":"c1"} => {"success":true,"message":{"_id":"=m2","id":"$m2","sender":"~","recipient":"$alice","group":null,"content":"once","isRead":false,"createdAt":"~time","updatedAt":"~time","type":"text","clientMessageId":"c1","sequence":2}}
b< messageSent "~"
a< privateMessage "~"
b> privateMessage {"recipientId":"$alice","content":"once","clientMessageId":"c1"} => {"success":true,"message":{"_id":"$m2","id":"$m2","sender":"~","recipient":"$alice","group":null,"content":"once","isRead":false,"createdAt":"~time","updatedAt":"~time","type":"text","clientMessageId":"c1","sequence":2}}
b> privateMessage {"recipientId":"$alice","content":"twice","clientMessageId":"c1"} => {"success":false,"code":"ERR_CONFLICT","message":"`clientMessageId` c1 was used for another message of yours in this conversation."}

# Read, edited, removed.
b> readMessages {"messageIds":["$m1"]} => {"success":true}
a< messagesSeen {"messageIds":["$m1"],"userId":"$bob","recipient":"$alice","group":null}
b< messagesSeen {"messageIds":["$m1"],"userId":"$bob","recipient":"$alice","group":null}
a> updateMessage {"messageId":"$m1","content":"Hello again"}
a< messageUpdated {"_id":"$m1","id":"$m1","sender":"~","recipient":"$bob","group":null,"content":"Hello again","isRead":"~","createdAt":"~time","updatedAt":"~time","type":"text","sequence":1}
b< messageUpdated {"_id":"$m1","id":"$m1","sender":"~","recipient":"$bob","group":null,"content":"Hello again","isRead":"~","createdAt":"~time","updatedAt":"~time","type":"text","sequence":1}
b> updateMessage {"messageId":"$m1","content":"mine"} => {"success":false,"code":"ERR_FORBIDDEN","message":"Unauthorized: only its author may edit a message."}
a> removeMessage {"messageId":"$m1"}
a< messageRemoved {"_id":"$m1","recipient":"$bob","group":null}
b< messageRemoved {"_id":"$m1","recipient":"$bob","group":null}
a> updateMessage {"messageId":"$m1","content":"back"} => {"success":false,"code":"ERR_CONFLICT","message":"A deleted message cannot be edited."}

# Typing.
a> startTyping {"recipientId":"$bob"} => {"success":true}
b< typingStarted {"userId":"$alice","username":"alice","recipient":"$bob","group":null}
a> stopTyping {"recipientId":"$bob"}
b< typingStopped {"userId":"$alice","username":"alice","recipient":"$bob","group":null}
a> startTyping {} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`recipientId` or `groupId` is needed in startTyping, not both."}

# A group that is joined by id.
rest alice POST /conversations {"kind":"group","name":"Climbing","open":true} => 201 {"id":"=group","kind":"group","name":"Climbing","open":true,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":0,"createdAt":"~time","updatedAt":"~time"}
a< groupCreated "~"
b> groupMessage {"groupId":"$group","content":"too early"}
b< error {"code":"ERR_FORBIDDEN","message":"You are not a member of conversation `$group`.","event":"groupMessage"}
b> joinGroup {"groupId":"$group"}
b< joinedGroup {"groupId":"$group","name":"Climbing"}
a< userJoinedGroup {"groupId":"$group","user":{"_id":"$bob","id":"$bob","username":"bob","firstName":"Bob","lastName":"Example","avatar":"~picture"}}
# Joined again, it is confirmed and nobody is told.
b> joinGroup "$group" => {"success":true,"message":{"groupId":"$group","name":"Climbing"}}
b< joinedGroup {"groupId":"$group","name":"Climbing"}
b> groupMessage {"groupId":"$group","content":"Hello everyone in the group!"}
a< groupMessage {"_id":"=g1","id":"$g1","sender":"~","recipient":null,"group":"$group","content":"Hello everyone in the group!","isRead":false,"createdAt":"~time","updatedAt":"~time","type":"text","sequence":2}
b< groupMessage {"_id":"$g1","id":"$g1","sender":"~","recipient":null,"group":"$group","content":"Hello everyone in the group!","isRead":false,"createdAt":"~time","updatedAt":"~time","type":"text","sequence":2}
b> leaveGroup {"groupId":"$group"}
b< leftGroup {"groupId":"$group","name":"Climbing"}
a< userLeftGroup {"groupId":"$group","userId":"$bob"}
a> groupMessage {"groupId":"$group","content":"alone"}
a< groupMessage "~"

# Going is told two seconds later, once.
close b
a< userOffline "$bob"

# No token, no entry.
refused nobody messenger => {"message":"Authentication error: a token is needed","data":{"code":"ERR_UNAUTHENTICATED"}}
