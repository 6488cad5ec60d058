# One's own settings of a conversation in the conversations vocabulary: told to one's own connections, and to nobody else.
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

# Some of them, and then another: the rest stays.
a> update_conversation_settings {"conversationId":"$c","muted":"2099-01-01T12:00:00+02:00","pinned":true} => {"success":true}
a< conversation_settings_updated {"conversationId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p< conversation_settings_updated {"conversationId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p> update_conversation_settings {"conversationId":"$c","notify":"mentions","archived":true} => {"success":true}
a< conversation_settings_updated {"conversationId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
p< conversation_settings_updated {"conversationId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
# Once more: it is confirmed, and told to nobody.
a> update_conversation_settings {"conversationId":"$c","archived":true,"pinned":true} => {"success":true}

# Over HTTP, and in the list.
rest alice PATCH /conversations/$c/settings {"muted":true,"markedUnread":true} => 200 {"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
a< conversation_settings_updated {"conversationId":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
p< conversation_settings_updated {"conversationId":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
rest alice GET /conversations => 200 {"items":[{"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"settings":{"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true},"sequence":"~","createdAt":"~time","updatedAt":"~time"}],"next":null}
rest bob GET /conversations/$c => 200 {"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}

# A message ends the archive; reading ends the mark.
rest bob POST /conversations/$c/messages {"content":"hello"} => 201
a< receive_message "~"
p< receive_message "~"
b< receive_message "~"
a> mark_read {"conversationId":"$c"} => {"success":true}
a< conversation_settings_updated {"conversationId":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
a< messages_read "~"
p< conversation_settings_updated {"conversationId":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
p< messages_read "~"
b< messages_read "~"

# What is wrong is named.
a> update_conversation_settings {"conversationId":"$c","muted":"later"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`muted` must be true, false, or the moment until which it is muted."}
