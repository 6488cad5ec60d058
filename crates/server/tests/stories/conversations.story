# The conversations vocabulary: messages with receipts, edits and deletions.
register alice
register bob

connect a alice conversations
a< online_users ["$alice"]
connect b bob /conversations
b< online_users ["~","~"]
a< user_online {"userId":"$bob","username":"bob"}
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=c","kind":"direct","name":null,"open":false,"ownerId":null,"members":"~","lastMessage":null,"unreadCount":0,"sequence":0,"createdAt":"~time","updatedAt":"~time"}
a< conversation_created "~"
b< conversation_created "~"
rest bob POST /conversations {"kind":"direct","memberIds":["$alice"]} => 200

a> join_conversations ["$c"] => {"success":true,"joined":["$c"],"refused":[]}
a> join_conversations ["$c","conv_id_2"]
a< error {"code":"ERR_NOT_FOUND","message":"You are not a member of: conv_id_2.","event":"join_conversations","conversationIds":["conv_id_2"]}

# The callback first, then everybody, the sender included.
a> send_message {"conversationId":"$c","content":"Hello, how are you?","type":"text"} => {"success":true,"message":{"_id":"=m1","id":"$m1","conversationId":"$c","sender":{"_id":"$alice","id":"$alice","username":"alice","avatar":"~picture"},"content":"Hello, how are you?","type":"text","fileUrl":null,"fileName":null,"status":"sent","edited":false,"deleted":false,"readBy":[],"createdAt":"~time","sequence":1}}
a< receive_message {"message":{"_id":"$m1","id":"$m1","conversationId":"$c","sender":{"_id":"$alice","id":"$alice","username":"alice","avatar":"~picture"},"content":"Hello, how are you?","type":"text","fileUrl":null,"fileName":null,"status":"sent","edited":false,"deleted":false,"readBy":[],"createdAt":"~time","sequence":1},"conversationId":"$c"}
b< receive_message {"message":{"_id":"$m1","id":"$m1","conversationId":"$c","sender":{"_id":"$alice","id":"$alice","username":"alice","avatar":"~picture"},"content":"Hello, how are you?","type":"text","fileUrl":null,"fileName":null,"status":"sent","edited":false,"deleted":false,"readBy":[],"createdAt":"~time","sequence":1},"conversationId":"$c"}

# A file, without text.
b> send_message {"conversationId":"$c","content":"","type":"image","fileUrl":"https://example.org/image.jpg","fileName":"image.jpg"} => {"success":true,"message":{"_id":"=m2","id":"$m2","conversationId":"$c","sender":"~","content":"","type":"image","fileUrl":"https://example.org/image.jpg","fileName":"image.jpg","status":"sent","edited":false,"deleted":false,"readBy":[],"createdAt":"~time","sequence":2}}
a< receive_message "~"
b< receive_message "~"
b> send_message {"conversationId":"$c","content":"x","fileUrl":"javascript:alert(1)"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`fileUrl` must be an https link, or one of this server's files."}

# Text may be empty where a file is, and nowhere else.
b> edit_message {"messageId":"$m2","newContent":""} => {"success":true}
a< message_edited {"messageId":"$m2","newContent":"","editedAt":"~time","conversationId":"$c"}
b< message_edited "~"
a> edit_message {"messageId":"$m1","newContent":"  "} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`newContent` must not be blank."}

# Typing.
b> typing {"conversationId":"$c","isTyping":true}
a< typing_status {"userId":"$bob","username":"bob","conversationId":"$c","isTyping":true}
b> typing {"conversationId":"$c","isTyping":false}
a< typing_status {"userId":"$bob","username":"bob","conversationId":"$c","isTyping":false}

# Receipts: reading a message reads what came before; one's own are not among what was read.
b> mark_read {"conversationId":"$c","messageIds":["$m1"]}
a< messages_read {"conversationId":"$c","messageIds":["$m1"],"readBy":"$bob"}
b< messages_read {"conversationId":"$c","messageIds":["$m1"],"readBy":"$bob"}
b> mark_read {"conversationId":"$c","messageIds":["$m1"]} => {"success":true}
a> mark_read {"conversationId":"$c","messageIds":["nothing"]} => {"success":false,"code":"ERR_NOT_FOUND","message":"There is no message `nothing` that you can see."}

# Edits and deletions.
a> edit_message {"messageId":"$m1","newContent":"Updated message content"} => {"success":true}
a< message_edited {"messageId":"$m1","newContent":"Updated message content","editedAt":"~time","conversationId":"$c"}
b< message_edited {"messageId":"$m1","newContent":"Updated message content","editedAt":"~time","conversationId":"$c"}
b> edit_message {"messageId":"$m1","newContent":"mine now"} => {"success":false,"code":"ERR_FORBIDDEN","message":"Unauthorized","detail":"Unauthorized: only its author may edit a message."}
b> delete_message {"messageId":"$m1"} => {"success":false,"code":"ERR_FORBIDDEN","message":"Unauthorized","detail":"Unauthorized: only its author or who leads the conversation may delete a message."}
a> delete_message {"messageId":"$m1"} => {"success":true}
a< message_deleted {"messageId":"$m1","conversationId":"$c"}
b< message_deleted {"messageId":"$m1","conversationId":"$c"}
rest bob GET /conversations/$c/messages => 200 {"items":[{"id":"$m1","conversationId":"$c","sequence":1,"sender":"~","type":"text","content":"This message was deleted","file":null,"clientMessageId":null,"createdAt":"~time","editedAt":"~time","deletedAt":"~time"},"~"],"next":null}

# What REST sends, sockets hear.
rest bob POST /conversations/$c/messages {"content":"over REST"} => 201
a< receive_message "~"
b< receive_message "~"

# Going away.
close b
a< user_offline {"userId":"$bob","username":"bob","lastSeen":"~time"}
