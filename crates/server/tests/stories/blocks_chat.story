# Blocking in the chat vocabulary: told to one's own connections alone, and felt by both.
register alice
register bob
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice chat
a< users:online "~"
connect p alice chat
p< users:online "~"
connect b bob chat
b< users:online "~"
a< user:status "~"
p< user:status "~"

a> user:block {"userId":"$bob"} => {"success":true}
a< user:blocks {"userIds":["$bob"]}
p< user:blocks {"userIds":["$bob"]}
# Once more: it is confirmed, and told to nobody.
p> user:block {"userId":"$bob"} => {"success":true}

# Neither writes to the other, nor types.
b> message:send {"chatId":"$c","content":"hello?"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
b> typing:start {"chatId":"$c"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
a> message:send {"chatId":"$c","content":"no"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}

# The one who is blocked is not shown that the other is online.
connect o bob chat
o< users:online ["$bob"]
close o

# Over HTTP, in the list and back.
rest alice GET /me/blocks => 200 {"items":[{"user":"~","blockedAt":"~time"}]}
rest bob GET /me/blocks => 200 {"items":[]}
rest alice DELETE /me/blocks/$bob => 204
a< user:blocks {"userIds":[]}
p< user:blocks {"userIds":[]}
rest alice PUT /me/blocks/$bob => 204
a< user:blocks {"userIds":["$bob"]}
p< user:blocks {"userIds":["$bob"]}
a> user:unblock {"userId":"$bob"} => {"success":true}
a< user:blocks {"userIds":[]}
p< user:blocks {"userIds":[]}
b> message:send {"chatId":"$c","content":"hello"} => {"success":true,"message":"~"}
a< message:new "~"
p< message:new "~"
b< message:new "~"

# What is wrong is named.
a> user:block {} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`userId` is missing in user:block."}
a> user:block {"userId":"$alice"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`userId` must be another user."}
a> user:block {"userId":"nobody"} => {"success":false,"code":"ERR_NOT_FOUND","message":"There is no user `nobody` that you can see."}
