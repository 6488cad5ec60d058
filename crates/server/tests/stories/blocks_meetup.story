# Blocking in the meetup vocabulary: told to one's own connections alone, and felt by both.
register alice
register bob
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":"~","open":false,"ownerId":"~","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice meetup
a< connected "~"
a< presenceList "~"
connect p alice meetup
p< connected "~"
p< presenceList "~"
connect b bob meetup
b< connected "~"
b< presenceList "~"
a< userPresence "~"
p< userPresence "~"

a> blockUser {"userId":"$bob"} => {"status":"ok"}
a< blocksUpdated {"userIds":["$bob"]}
p< blocksUpdated {"userIds":["$bob"]}
# Once more: it is confirmed, and told to nobody.
p> blockUser {"userId":"$bob"} => {"status":"ok"}

# Neither writes to the other, nor types.
b> sendMessage {"chatId":"$c","senderId":"$bob","message":"hello?"} => {"status":"error","code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
b> userTyping {"chatId":"$c","userId":"$bob"} => {"status":"error","code":"ERR_FORBIDDEN","message":"You cannot write to this user."}
a> sendMessage {"chatId":"$c","senderId":"$alice","message":"no"} => {"status":"error","code":"ERR_FORBIDDEN","message":"You cannot write to this user."}

# The one who is blocked is not shown that the other is online.
connect o bob meetup
o< connected "~"
o< presenceList ["$bob"]
close o

# Over HTTP, in the list and back.
rest alice GET /me/blocks => 200 {"items":[{"user":"~","blockedAt":"~time"}]}
rest bob GET /me/blocks => 200 {"items":[]}
rest alice DELETE /me/blocks/$bob => 204
a< blocksUpdated {"userIds":[]}
p< blocksUpdated {"userIds":[]}
rest alice PUT /me/blocks/$bob => 204
a< blocksUpdated {"userIds":["$bob"]}
p< blocksUpdated {"userIds":["$bob"]}
a> unblockUser {"userId":"$bob"} => {"status":"ok"}
a< blocksUpdated {"userIds":[]}
p< blocksUpdated {"userIds":[]}
b> sendMessage {"chatId":"$c","senderId":"$bob","message":"hello"} => {"status":"sent","messageId":"~","timestamp":"~time"}
a< receiveMessage "~"
p< receiveMessage "~"

# What is wrong is named.
a> blockUser {} => {"status":"error","code":"ERR_INVALID_PAYLOAD","message":"`userId` is missing in blockUser."}
a> blockUser {"userId":"$alice"} => {"status":"error","code":"ERR_INVALID_PAYLOAD","message":"`userId` must be another user."}
a> blockUser {"userId":"nobody"} => {"status":"error","code":"ERR_NOT_FOUND","message":"There is no user `nobody` that you can see."}
