# The chat vocabulary.
register alice
register bob

connect a alice /chat
a< users:online ["$alice"]
connect b bob chat
b< users:online ["~","~"]
a< user:status {"userId":"$bob","status":"online"}
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":1,"createdAt":"~time","updatedAt":"~time"}
a< chat:created "~"
b< chat:created "~"
a< member:joined {"chatId":"$c","user":{"id":"$bob","username":"bob","avatar_url":"~picture","status":"online"}}
b< member:joined {"chatId":"$c","user":{"id":"$bob","username":"bob","avatar_url":"~picture","status":"online"}}

# On connect, and on being added, every chat is joined; a join is confirmed.
b> chat:join {"chatId":"$c"}
b< chat:joined {"chatId":"$c"}
b> chat:join "uuid" => {"success":false,"code":"ERR_NOT_FOUND","message":"There is no conversation `uuid` that you can see."}

a> message:send {"chatId":"$c","content":"Hello!","messageType":"text"} => {"success":true,"message":{"id":"=m1","chat_id":"$c","chatId":"$c","sender_id":"$alice","content":"Hello!","message_type":"text","is_edited":false,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":{"id":"$alice","username":"alice","avatar_url":"~picture","status":"online"},"sequence":2}}
a< message:new {"id":"$m1","chat_id":"$c","chatId":"$c","sender_id":"$alice","content":"Hello!","message_type":"text","is_edited":false,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":{"id":"$alice","username":"alice","avatar_url":"~picture","status":"online"},"sequence":2}
b< message:new {"id":"$m1","chat_id":"$c","chatId":"$c","sender_id":"$alice","content":"Hello!","message_type":"text","is_edited":false,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":{"id":"$alice","username":"alice","avatar_url":"~picture","status":"online"},"sequence":2}

# Read: told to the others.
b> message:read {"messageId":"$m1","chatId":"$c"} => {"success":true}
a< message:read {"messageId":"$m1","messageIds":["$m1"],"userId":"$bob","chatId":"$c"}

# Typing.
b> typing:start {"chatId":"$c"}
a< typing:start {"chatId":"$c","userId":"$bob","username":"bob"}
b> typing:stop {"chatId":"$c"}
a< typing:stop {"chatId":"$c","userId":"$bob"}

# Edited and deleted.
a> message:edit {"messageId":"$m1","content":"Hello, all!"} => {"success":true,"message":"~"}
a< message:edited {"id":"$m1","chat_id":"$c","chatId":"$c","sender_id":"$alice","content":"Hello, all!","message_type":"text","is_edited":true,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":"~","sequence":2}
b< message:edited "~"
a> message:delete {"messageId":"$m1"} => {"success":true,"message":"~"}
a< message:deleted {"messageId":"$m1","chatId":"$c"}
b< message:deleted {"messageId":"$m1","chatId":"$c"}

# Left: silent on this connection until the next join, the membership stays.
b> chat:leave {"chatId":"$c"}
b< chat:left {"chatId":"$c"}
a> message:send {"chatId":"$c","content":"unheard"}
a< message:new "~"
b> message:send {"chatId":"$c","content":"still a member"} => {"success":true,"message":"~"}
a< message:new "~"
b> chat:join {"chatId":"$c"} => {"success":true,"chatId":"$c"}
b< chat:joined {"chatId":"$c"}
a> message:send {"chatId":"$c","content":"heard"}
a< message:new "~"
b< message:new {"id":"~","chat_id":"$c","chatId":"$c","sender_id":"$alice","content":"heard","message_type":"text","is_edited":false,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":"~","sequence":7}

close b
a< user:status {"userId":"$bob","status":"offline"}
