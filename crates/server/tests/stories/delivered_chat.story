# What reaches the devices of members in the chat vocabulary: told to the authors, and to nobody else.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice chat
a< users:online "~"
connect p alice chat
p< users:online "~"
connect b bob chat
b< users:online "~"
a< user:status "~"
p< user:status "~"

rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=one","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message:new "~"
p< message:new "~"
b< message:new "~"
rest bob POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=own","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message:new "~"
p< message:new "~"
b< message:new "~"
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=two","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message:new "~"
p< message:new "~"
b< message:new "~"

# One of them, and then the others: each is told once, and on every connection of its author.
b> message:delivered {"chatId":"$c","messageId":"$one"} => {"success":true}
a< message:delivered {"messageId":"$one","messageIds":["$one"],"userId":"$bob","chatId":"$c"}
p< message:delivered {"messageId":"$one","messageIds":["$one"],"userId":"$bob","chatId":"$c"}
b> message:delivered {"chatId":"$c","messageId":"$one"} => {"success":true}
b> message:delivered {"chatId":"$c","messageIds":["$two","$one"]} => {"success":true}
a< message:delivered {"messageId":"$two","messageIds":["$two"],"userId":"$bob","chatId":"$c"}
p< message:delivered {"messageId":"$two","messageIds":["$two"],"userId":"$bob","chatId":"$c"}

# Over HTTP; an older one changes nothing.
rest bob PUT /conversations/$c/delivered {"messageId":"$one"} => 204
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=three","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message:new "~"
p< message:new "~"
b< message:new "~"
rest bob PUT /conversations/$c/delivered {"messageId":"$three"} => 204
a< message:delivered {"messageId":"$three","messageIds":["$three"],"userId":"$bob","chatId":"$c"}
p< message:delivered {"messageId":"$three","messageIds":["$three"],"userId":"$bob","chatId":"$c"}

# Everything in the conversation.
a> message:delivered {"chatId":"$c"} => {"success":true}
b< message:delivered {"messageId":"$own","messageIds":["$own"],"userId":"$alice","chatId":"$c"}

# What is read has arrived.
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=four","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< message:new "~"
p< message:new "~"
b< message:new "~"
rest bob PUT /conversations/$c/read {"messageId":"$four"} => 204
a< message:read "~"
p< message:read "~"
b< message:read "~"
b> message:delivered {"chatId":"$c","messageId":"$four"} => {"success":true}
