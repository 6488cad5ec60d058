# What reaches the devices of members in the meetup vocabulary: told to the authors, and to nobody else.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
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

rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=one","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receiveMessage "~"
p< receiveMessage "~"
b< receiveMessage "~"
rest bob POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=own","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receiveMessage "~"
p< receiveMessage "~"
b< receiveMessage "~"
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=two","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receiveMessage "~"
p< receiveMessage "~"
b< receiveMessage "~"

# One of them, and then the others: each is told once, and on every connection of its author.
b> markDelivered {"chatId":"$c","messageIds":["$one"]} => {"status":"ok"}
a< messagesDelivered {"chatId":"$c","messageIds":["$one"],"userId":"$bob"}
p< messagesDelivered {"chatId":"$c","messageIds":["$one"],"userId":"$bob"}
b> markDelivered {"chatId":"$c","messageIds":["$one"]} => {"status":"ok"}
b> markDelivered {"chatId":"$c","messageIds":["$two","$one"]} => {"status":"ok"}
a< messagesDelivered {"chatId":"$c","messageIds":["$two"],"userId":"$bob"}
p< messagesDelivered {"chatId":"$c","messageIds":["$two"],"userId":"$bob"}

# Over HTTP; an older one changes nothing.
rest bob PUT /conversations/$c/delivered {"messageId":"$one"} => 204
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=three","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receiveMessage "~"
p< receiveMessage "~"
b< receiveMessage "~"
rest bob PUT /conversations/$c/delivered {"messageId":"$three"} => 204
a< messagesDelivered {"chatId":"$c","messageIds":["$three"],"userId":"$bob"}
p< messagesDelivered {"chatId":"$c","messageIds":["$three"],"userId":"$bob"}

# Everything in the conversation.
a> markDelivered {"chatId":"$c"} => {"status":"ok"}
b< messagesDelivered {"chatId":"$c","messageIds":["$own"],"userId":"$alice"}

# What is read has arrived.
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=four","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receiveMessage "~"
p< receiveMessage "~"
b< receiveMessage "~"
rest bob PUT /conversations/$c/read {"messageId":"$four"} => 204
a< messagesRead "~"
p< messagesRead "~"
b< messagesRead "~"
b> markDelivered {"chatId":"$c","messageIds":["$four"]} => {"status":"ok"}
