# One's own settings of a conversation in the meetup vocabulary: told to one's own connections, and to nobody else.
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

# Some of them, and then another: the rest stays.
a> updateSettings {"chatId":"$c","muted":"2099-01-01T12:00:00+02:00","pinned":true} => {"status":"ok"}
a< settingsUpdated {"chatId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p< settingsUpdated {"chatId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p> updateSettings {"chatId":"$c","notify":"mentions","archived":true} => {"status":"ok"}
a< settingsUpdated {"chatId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
p< settingsUpdated {"chatId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
# Once more: it is confirmed, and told to nobody.
a> updateSettings {"chatId":"$c","archived":true,"pinned":true} => {"status":"ok"}

# Over HTTP, and in the list.
rest alice PATCH /conversations/$c/settings {"muted":true,"markedUnread":true} => 200 {"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
a< settingsUpdated {"chatId":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
p< settingsUpdated {"chatId":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
rest alice GET /conversations => 200 {"items":[{"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"settings":{"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true},"sequence":"~","createdAt":"~time","updatedAt":"~time"}],"next":null}
rest bob GET /conversations/$c => 200 {"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}

# A message ends the archive; reading ends the mark.
rest bob POST /conversations/$c/messages {"content":"hello"} => 201
a< receiveMessage "~"
p< receiveMessage "~"
b< receiveMessage "~"
a> markRead {"chatId":"$c"} => {"status":"read"}
a< settingsUpdated {"chatId":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
a< messagesRead "~"
p< settingsUpdated {"chatId":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
p< messagesRead "~"
b< messagesRead "~"

# What is wrong is named.
a> updateSettings {"chatId":"$c","muted":"later"} => {"status":"error","code":"ERR_INVALID_PAYLOAD","message":"`muted` must be true, false, or the moment until which it is muted."}
