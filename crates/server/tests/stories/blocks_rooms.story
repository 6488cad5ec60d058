# Blocking in the rooms vocabulary: told to one's own connections alone, and felt by both.
register alice
register bob
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice rooms
connect p alice rooms
connect b bob rooms
a< user_joined "~"
p< user_joined "~"

a> block_user {"userId":"$bob"} => {"ok":true}
a< blocked_users_updated {"userIds":["$bob"]}
p< blocked_users_updated {"userIds":["$bob"]}
# Once more: it is confirmed, and told to nobody.
p> block_user {"userId":"$bob"} => {"ok":true}

# Neither writes to the other, nor types.
b> send_message {"roomId":"$c","userId":"$bob","content":"hello?"} => {"ok":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
b> typing {"roomId":"$c","userId":"$bob","isTyping":true} => {"ok":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
a> send_message {"roomId":"$c","userId":"$alice","content":"no"} => {"ok":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}

# The one who is blocked is not shown that the other is online.
b> join_room {"roomId":"$c","userId":"$bob"} => "~"
b< history []
b< room_members {"roomId":"$c","users":[{"userId":"$alice","username":"alice","online":false,"avatar":"~picture"},{"userId":"$bob","username":"bob","online":true,"avatar":"~picture"}]}

# Over HTTP, in the list and back.
rest alice GET /me/blocks => 200 {"items":[{"user":"~","blockedAt":"~time"}]}
rest bob GET /me/blocks => 200 {"items":[]}
rest alice DELETE /me/blocks/$bob => 204
a< blocked_users_updated {"userIds":[]}
p< blocked_users_updated {"userIds":[]}
rest alice PUT /me/blocks/$bob => 204
a< blocked_users_updated {"userIds":["$bob"]}
p< blocked_users_updated {"userIds":["$bob"]}
a> unblock_user {"userId":"$bob"} => {"ok":true}
a< blocked_users_updated {"userIds":[]}
p< blocked_users_updated {"userIds":[]}
b> send_message {"roomId":"$c","userId":"$bob","content":"hello"} => {"ok":true,"message":"~"}
a< message_received "~"
p< message_received "~"
b< message_received "~"

# What is wrong is named.
a> block_user {} => {"ok":false,"code":"ERR_INVALID_PAYLOAD","message":"`userId` is missing in block_user."}
a> block_user {"userId":"$alice"} => {"ok":false,"code":"ERR_INVALID_PAYLOAD","message":"`userId` must be another user."}
a> block_user {"userId":"nobody"} => {"ok":false,"code":"ERR_NOT_FOUND","message":"There is no user `nobody` that you can see."}
