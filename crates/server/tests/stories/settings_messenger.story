# One's own settings of a conversation in the messenger vocabulary: told to one's own connections, and to nobody else.
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

# Some of them, and then another: the rest stays.
a> setPreferences {"groupId":"$c","muted":"2099-01-01T12:00:00+02:00","pinned":true} => {"success":true}
a< preferencesChanged {"recipient":null,"group":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p< preferencesChanged {"recipient":null,"group":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p> setPreferences {"groupId":"$c","notify":"mentions","archived":true} => {"success":true}
a< preferencesChanged {"recipient":null,"group":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
p< preferencesChanged {"recipient":null,"group":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
# Once more: it is confirmed, and told to nobody.
a> setPreferences {"groupId":"$c","archived":true,"pinned":true} => {"success":true}

# Over HTTP, and in the list.
rest alice PATCH /conversations/$c/settings {"muted":true,"markedUnread":true} => 200 {"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
a< preferencesChanged {"recipient":null,"group":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
p< preferencesChanged {"recipient":null,"group":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
rest alice GET /conversations => 200 {"items":[{"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"settings":{"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true},"sequence":"~","createdAt":"~time","updatedAt":"~time"}],"next":null}
rest bob GET /conversations/$c => 200 {"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}

# A message ends the archive; reading ends the mark.
rest bob POST /conversations/$c/messages {"content":"hello"} => 201
a< groupMessage "~"
p< groupMessage "~"
b< groupMessage "~"
a> readMessages {"groupId":"$c"} => {"success":true}
a< preferencesChanged {"recipient":null,"group":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
a< messagesSeen "~"
p< preferencesChanged {"recipient":null,"group":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
p< messagesSeen "~"
b< messagesSeen "~"

# What is wrong is named.
a> setPreferences {"groupId":"$c","muted":"later"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`muted` must be true, false, or the moment until which it is muted."}

# In a direct conversation, which the other names.
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201
a> setPreferences {"recipientId":"$bob","muted":true} => {"success":true}
a< preferencesChanged {"recipient":"$bob","group":null,"muted":true,"pinned":false,"archived":false,"notify":"all","markedUnread":false}
p< preferencesChanged {"recipient":"$bob","group":null,"muted":true,"pinned":false,"archived":false,"notify":"all","markedUnread":false}
