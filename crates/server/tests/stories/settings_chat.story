# One's own settings of a conversation in the chat vocabulary: told to one's own connections, and to nobody else.
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

# Some of them, and then another: the rest stays.
a> chat:configure {"chatId":"$c","muted":"2099-01-01T12:00:00+02:00","pinned":true} => {"success":true}
a< chat:configured {"chatId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p< chat:configured {"chatId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p> chat:configure {"chatId":"$c","notify":"mentions","archived":true} => {"success":true}
a< chat:configured {"chatId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
p< chat:configured {"chatId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
# Once more: it is confirmed, and told to nobody.
a> chat:configure {"chatId":"$c","archived":true,"pinned":true} => {"success":true}

# Over HTTP, and in the list.
rest alice PATCH /conversations/$c/settings {"muted":true,"markedUnread":true} => 200 {"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
a< chat:configured {"chatId":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
p< chat:configured {"chatId":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
rest alice GET /conversations => 200 {"items":[{"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"settings":{"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true},"sequence":"~","createdAt":"~time","updatedAt":"~time"}],"next":null}
rest bob GET /conversations/$c => 200 {"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}

# A message ends the archive; reading ends the mark.
rest bob POST /conversations/$c/messages {"content":"hello"} => 201
a< message:new "~"
p< message:new "~"
b< message:new "~"
a> message:read {"chatId":"$c"} => {"success":true}
a< chat:configured {"chatId":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
p< chat:configured {"chatId":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
p< message:read "~"
b< message:read "~"

# What is wrong is named.
a> chat:configure {"chatId":"$c","muted":"later"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"`muted` must be true, false, or the moment until which it is muted."}
