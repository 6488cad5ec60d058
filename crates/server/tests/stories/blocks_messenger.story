# Blocking in the messenger vocabulary: told to one's own connections alone, and felt by both.
register alice
register bob
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice messenger
a< onlineUsers "~"
connect p alice messenger
p< onlineUsers "~"
connect b bob messenger
b< onlineUsers "~"
a< userOnline "~"
p< userOnline "~"

a> blockContact {"userId":"$bob"} => {"success":true}
a< blockListChanged {"userIds":["$bob"]}
p< blockListChanged {"userIds":["$bob"]}
# Once more: it is confirmed, and told to nobody.
p> blockContact {"userId":"$bob"} => {"success":true}

# Neither writes to the other, nor types.
b> privateMessage {"recipientId":"$alice","content":"hello?"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
b> startTyping {"recipientId":"$alice"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
a> privateMessage {"recipientId":"$bob","content":"no"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}

# The one who is blocked is not shown that the other is online.
connect o bob messenger
o< onlineUsers ["$bob"]
close o

# Over HTTP, in the list and back.
rest alice GET /me/blocks => 200 {"items":[{"user":"~","blockedAt":"~time"}]}
rest bob GET /me/blocks => 200 {"items":[]}
rest alice DELETE /me/blocks/$bob => 204
a< blockListChanged {"userIds":[]}
p< blockListChanged {"userIds":[]}
rest alice PUT /me/blocks/$bob => 204
a< blockListChanged {"userIds":["$bob"]}
p< blockListChanged {"userIds":["$bob"]}
a> unblockContact {"userId":"$bob"} => {"success":true}
a< blockListChanged {"userIds":[]}
p< blockListChanged {"userIds":[]}
b> privateMessage {"recipientId":"$alice","content":"hello"} => {"success":true,"message":"~"}
a< privateMessage "~"
p< privateMessage "~"
b< messageSent "~"

# What is wrong is named.
a> blockContact {} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`userId` is missing in blockContact."}
a> blockContact {"userId":"$alice"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`userId` must be another user."}
a> blockContact {"userId":"nobody"} => {"success":false,"code":"ERR_NOT_FOUND","message":"There is no user `nobody` that you can see."}
