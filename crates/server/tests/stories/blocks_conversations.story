# Blocking in the conversations vocabulary: told to one's own connections alone, and felt by both.
register alice
register bob
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice conversations
a< online_users "~"
connect p alice conversations
p< online_users "~"
connect b bob conversations
b< online_users "~"
a< user_online "~"
p< user_online "~"

a> set_block {"userId":"$bob"} => {"success":true}
a< blocks_updated {"userIds":["$bob"]}
p< blocks_updated {"userIds":["$bob"]}
# Once more: it is confirmed, and told to nobody.
p> set_block {"userId":"$bob"} => {"success":true}

# Neither writes to the other, nor types.
b> send_message {"conversationId":"$c","content":"hello?"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
b> typing {"conversationId":"$c","isTyping":true} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
a> send_message {"conversationId":"$c","content":"no"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You cannot write to this user."}

# The one who is blocked is not shown that the other is online.
connect o bob conversations
o< online_users ["$bob"]
close o

# Over HTTP, in the list and back.
rest alice GET /me/blocks => 200 {"items":[{"user":"~","blockedAt":"~time"}]}
rest bob GET /me/blocks => 200 {"items":[]}
rest alice DELETE /me/blocks/$bob => 204
a< blocks_updated {"userIds":[]}
p< blocks_updated {"userIds":[]}
rest alice PUT /me/blocks/$bob => 204
a< blocks_updated {"userIds":["$bob"]}
p< blocks_updated {"userIds":["$bob"]}
a> set_block {"userId":"$bob","blocked":false} => {"success":true}
a< blocks_updated {"userIds":[]}
p< blocks_updated {"userIds":[]}
b> send_message {"conversationId":"$c","content":"hello"} => {"success":true,"message":"~"}
a< receive_message "~"
p< receive_message "~"
b< receive_message "~"

# What is wrong is named.
a> set_block {} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`userId` is missing in set_block."}
a> set_block {"userId":"$alice"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`userId` must be another user."}
a> set_block {"userId":"nobody"} => {"success":false,"code":"ERR_NOT_FOUND","message":"There is no user `nobody` that you can see."}
