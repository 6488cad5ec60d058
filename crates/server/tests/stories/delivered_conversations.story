# What reaches the devices of members in the conversations vocabulary: told to the authors, and to nobody else.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice conversations
a< online_users "~"
connect p alice conversations
p< online_users "~"
connect b bob conversations
b< online_users "~"
a< user_online "~"
p< user_online "~"

rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=one","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receive_message "~"
p< receive_message "~"
b< receive_message "~"
rest bob POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=own","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receive_message "~"
p< receive_message "~"
b< receive_message "~"
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=two","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receive_message "~"
p< receive_message "~"
b< receive_message "~"

# One of them, and then the others: each is told once, and on every connection of its author.
b> mark_delivered {"conversationId":"$c","messageIds":["$one"]} => {"success":true}
a< messages_delivered {"conversationId":"$c","messageIds":["$one"],"deliveredTo":"$bob"}
p< messages_delivered {"conversationId":"$c","messageIds":["$one"],"deliveredTo":"$bob"}
b> mark_delivered {"conversationId":"$c","messageIds":["$one"]} => {"success":true}
b> mark_delivered {"conversationId":"$c","messageIds":["$two","$one"]} => {"success":true}
a< messages_delivered {"conversationId":"$c","messageIds":["$two"],"deliveredTo":"$bob"}
p< messages_delivered {"conversationId":"$c","messageIds":["$two"],"deliveredTo":"$bob"}

# Over HTTP; an older one changes nothing.
rest bob PUT /conversations/$c/delivered {"messageId":"$one"} => 204
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=three","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receive_message "~"
p< receive_message "~"
b< receive_message "~"
rest bob PUT /conversations/$c/delivered {"messageId":"$three"} => 204
a< messages_delivered {"conversationId":"$c","messageIds":["$three"],"deliveredTo":"$bob"}
p< messages_delivered {"conversationId":"$c","messageIds":["$three"],"deliveredTo":"$bob"}

# Everything in the conversation.
a> mark_delivered {"conversationId":"$c"} => {"success":true}
b< messages_delivered {"conversationId":"$c","messageIds":["$own"],"deliveredTo":"$alice"}

# What is read has arrived.
rest alice POST /conversations/$c/messages {"content":"hello"} => 201 {"id":"=four","conversationId":"$c","sequence":"~","sender":"~","type":"text","content":"hello","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":null,"deletedAt":null}
a< receive_message "~"
p< receive_message "~"
b< receive_message "~"
rest bob PUT /conversations/$c/read {"messageId":"$four"} => 204
a< messages_read "~"
p< messages_read "~"
b< messages_read "~"
b> mark_delivered {"conversationId":"$c","messageIds":["$four"]} => {"success":true}
