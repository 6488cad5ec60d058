# What reaches the devices of members in the rooms vocabulary: told to the authors, and to nobody else.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice rooms
connect p alice rooms
connect b bob rooms
a< user_joined "~"
p< user_joined "~"

rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=one","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message_received "~"
p< message_received "~"
b< message_received "~"
rest bob POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=own","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message_received "~"
p< message_received "~"
b< message_received "~"
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=two","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message_received "~"
p< message_received "~"
b< message_received "~"

# One of them, and then the others: each is told once, and on every connection of its author.
b> deliver_messages {"roomId":"$c","messageIds":["$one"]} => {"ok":true}
a< messages_arrived {"roomId":"$c","messageIds":["$one"],"userId":"$bob"}
p< messages_arrived {"roomId":"$c","messageIds":["$one"],"userId":"$bob"}
b> deliver_messages {"roomId":"$c","messageIds":["$one"]} => {"ok":true}
b> deliver_messages {"roomId":"$c","messageIds":["$two","$one"]} => {"ok":true}
a< messages_arrived {"roomId":"$c","messageIds":["$two"],"userId":"$bob"}
p< messages_arrived {"roomId":"$c","messageIds":["$two"],"userId":"$bob"}

# Over HTTP; an older one changes nothing.
rest bob PUT /conversations/$c/delivered {"messageId":"$one"} => 204
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=three","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message_received "~"
p< message_received "~"
b< message_received "~"
rest bob PUT /conversations/$c/delivered {"messageId":"$three"} => 204
a< messages_arrived {"roomId":"$c","messageIds":["$three"],"userId":"$bob"}
p< messages_arrived {"roomId":"$c","messageIds":["$three"],"userId":"$bob"}

# Everything in the conversation.
a> deliver_messages {"roomId":"$c"} => {"ok":true}
b< messages_arrived {"roomId":"$c","messageIds":["$own"],"userId":"$alice"}

# What is read has arrived.
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=four","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message_received "~"
p< message_received "~"
b< message_received "~"
rest bob PUT /conversations/$c/read {"messageId":"$four"} => 204
a< messages_seen "~"
p< messages_seen "~"
b< messages_seen "~"
b> deliver_messages {"roomId":"$c","messageIds":["$four"]} => {"ok":true}
