# One's own settings of a conversation in the rooms vocabulary: told to one's own connections, and to nobody else.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice rooms
connect p alice rooms
connect b bob rooms
a< user_joined "~"
p< user_joined "~"

# Some of them, and then another: the rest stays.
a> update_room_settings {"roomId":"$c","muted":"2099-01-01T12:00:00+02:00","pinned":true} => {"ok":true}
a< room_settings_updated {"roomId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p< room_settings_updated {"roomId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":false,"notify":"all","markedUnread":false}
p> update_room_settings {"roomId":"$c","notify":"mentions","archived":true} => {"ok":true}
a< room_settings_updated {"roomId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
p< room_settings_updated {"roomId":"$c","muted":"2099-01-01T10:00:00.000Z","pinned":true,"archived":true,"notify":"mentions","markedUnread":false}
# Once more: it is confirmed, and told to nobody.
a> update_room_settings {"roomId":"$c","archived":true,"pinned":true} => {"ok":true}

# Over HTTP, and in the list.
rest alice PATCH /conversations/$c/settings {"muted":true,"markedUnread":true} => 200 {"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
a< room_settings_updated {"roomId":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
p< room_settings_updated {"roomId":"$c","muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true}
rest alice GET /conversations => 200 {"items":[{"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"settings":{"muted":true,"pinned":true,"archived":true,"notify":"mentions","markedUnread":true},"sequence":"~","createdAt":"~time","updatedAt":"~time"}],"next":null}
rest bob GET /conversations/$c => 200 {"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}

# A message ends the archive; reading ends the mark.
rest bob POST /conversations/$c/messages {"content":"hello"} => 201
a< message_received "~"
p< message_received "~"
b< message_received "~"
a> read_messages {"roomId":"$c"} => {"ok":true}
a< room_settings_updated {"roomId":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
a< messages_seen "~"
p< room_settings_updated {"roomId":"$c","muted":true,"pinned":true,"archived":false,"notify":"mentions","markedUnread":false}
p< messages_seen "~"
b< messages_seen "~"

# What is wrong is named.
a> update_room_settings {"roomId":"$c","muted":"later"} => {"ok":false,"code":"ERR_INVALID_PAYLOAD","message":"`muted` must be true, false, or the moment until which it is muted."}
