# What reaches the devices of members in the messenger vocabulary: told to the authors, and to nobody else.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice messenger
a< onlineUsers "~"
connect p alice messenger
p< onlineUsers "~"
connect b bob messenger
b< onlineUsers "~"
a< userOnline "~"
p< userOnline "~"

rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=one","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< groupMessage "~"
p< groupMessage "~"
b< groupMessage "~"
rest bob POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=own","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< groupMessage "~"
p< groupMessage "~"
b< groupMessage "~"
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=two","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< groupMessage "~"
p< groupMessage "~"
b< groupMessage "~"

# One of them, and then the others: each is told once, and on every connection of its author.
b> deliverMessages {"messageIds":["$one"]} => {"success":true}
a< messagesArrived {"messageIds":["$one"],"userId":"$bob","recipient":null,"group":"$c"}
p< messagesArrived {"messageIds":["$one"],"userId":"$bob","recipient":null,"group":"$c"}
b> deliverMessages {"messageIds":["$one"]} => {"success":true}
b> deliverMessages {"messageIds":["$two","$one"]} => {"success":true}
a< messagesArrived {"messageIds":["$two"],"userId":"$bob","recipient":null,"group":"$c"}
p< messagesArrived {"messageIds":["$two"],"userId":"$bob","recipient":null,"group":"$c"}

# Over HTTP; an older one changes nothing.
rest bob PUT /conversations/$c/delivered {"messageId":"$one"} => 204
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=three","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< groupMessage "~"
p< groupMessage "~"
b< groupMessage "~"
rest bob PUT /conversations/$c/delivered {"messageId":"$three"} => 204
a< messagesArrived {"messageIds":["$three"],"userId":"$bob","recipient":null,"group":"$c"}
p< messagesArrived {"messageIds":["$three"],"userId":"$bob","recipient":null,"group":"$c"}

# Everything in the conversation.
a> deliverMessages {"groupId":"$c"} => {"success":true}
b< messagesArrived {"messageIds":["$own"],"userId":"$alice","recipient":null,"group":"$c"}

# What is read has arrived.
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=four","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< groupMessage "~"
p< groupMessage "~"
b< groupMessage "~"
rest bob PUT /conversations/$c/read {"messageId":"$four"} => 204
a< messagesSeen "~"
p< messagesSeen "~"
b< messagesSeen "~"
b> deliverMessages {"messageIds":["$four"]} => {"success":true}
