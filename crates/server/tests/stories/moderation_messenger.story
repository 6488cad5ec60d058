# Moderation in the messenger vocabulary: what limits what is written is told with the conversation, and a ban as a departure.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","open":true,"memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":true,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice messenger
a< onlineUsers "~"
connect b bob messenger
b< onlineUsers "~"
a< userOnline "~"

# Only admins write, and then slow mode alone.
rest alice PATCH /conversations/$c {"slowModeS":3600,"onlyAdminsWrite":true} => 200
b< groupUpdated {"group":{"_id":"$c","name":"Team","description":"","creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time","moderation":{"slowModeS":3600,"onlyAdminsWrite":true}}}
a< groupUpdated "~"
b> groupMessage {"groupId":"$c","content":"hi"} => {"success":false,"code":"ERR_FORBIDDEN","message":"Only its owner and admins write in this conversation."}
rest alice PATCH /conversations/$c {"onlyAdminsWrite":false} => 200
b< groupUpdated {"group":{"_id":"$c","name":"Team","description":"","creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time","moderation":{"slowModeS":3600,"onlyAdminsWrite":false}}}
a< groupUpdated "~"
b> groupMessage {"groupId":"$c","content":"one"} => {"success":true,"message":"~"}
b< groupMessage "~"
a< groupMessage "~"
b> groupMessage {"groupId":"$c","content":"two"} => {"success":false,"code":"ERR_RATE_LIMITED","message":"~","retryAfterMs":"~"}
# What is so already is told to nobody; without limits the field is absent.
rest alice PATCH /conversations/$c {"slowModeS":3600} => 200
rest alice PATCH /conversations/$c {"slowModeS":0} => 200
b< groupUpdated {"group":{"_id":"$c","name":"Team","description":"","creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time"}}
a< groupUpdated "~"

# Silenced: told to nobody, and seen by those who may moderate and by the one who is.
rest alice PUT /conversations/$c/silences/$bob {"until":"2099-01-01T00:00:00Z","reason":"shouting"} => 200 {"user":"~","until":"2099-01-01T00:00:00.000Z","reason":"shouting","by":"$alice","at":"~time"}
b> groupMessage {"groupId":"$c","content":"three"} => {"success":false,"code":"ERR_FORBIDDEN","message":"You are silenced in this conversation until 2099-01-01T00:00:00.000Z."}
rest bob GET /conversations/$c => 200 {"id":"$c","kind":"group","name":"Team","open":true,"ownerId":"$alice","members":"~","lastMessage":"~","unreadCount":0,"moderation":{"slowModeS":0,"onlyAdminsWrite":false,"silencedUntil":"2099-01-01T00:00:00.000Z"},"sequence":"~","createdAt":"~time","updatedAt":"~time"}
rest bob GET /conversations/$c/silences => 403
rest alice GET /conversations/$c/silences => 200 {"items":[{"user":"~","until":"2099-01-01T00:00:00.000Z","reason":"shouting","by":"$alice","at":"~time"}],"next":null}
rest alice DELETE /conversations/$c/silences/$bob => 204
b> groupMessage {"groupId":"$c","content":"four"} => {"success":true,"message":"~"}
b< groupMessage "~"
a< groupMessage "~"

# Banned: a departure with its reason, for the one who is banned too. The conversation is not there for it then.
rest alice PUT /conversations/$c/bans/$bob {"reason":"spam"} => 200 {"user":"~","until":null,"reason":"spam","by":"$alice","at":"~time"}
b< userLeftGroup {"groupId":"$c","userId":"$bob","banned":true,"reason":"spam"}
a< userLeftGroup {"groupId":"$c","userId":"$bob","banned":true,"reason":"spam"}
rest bob POST /conversations/$c/members {} => 404 {"type":"about:blank","title":"Not Found","status":404,"detail":"There is no conversation `$c` that you can see.","code":"ERR_NOT_FOUND","requestId":"~"}
rest bob GET /conversations/$c => 404
rest bob GET /rooms => 200 {"items":[],"next":null}
rest alice POST /conversations/$c/members {"userId":"$bob"} => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"User `$bob` is banned from this conversation.","code":"ERR_FORBIDDEN","requestId":"~"}
rest alice GET /conversations/$c/bans => 200 {"items":[{"user":"~","until":null,"reason":"spam","by":"$alice","at":"~time"}],"next":null}
rest alice DELETE /conversations/$c/bans/$bob => 204
rest bob POST /conversations/$c/members {} => 201
b< groupCreated "~"
b< userJoinedGroup "~"
a< userJoinedGroup "~"
# Without a reason it is a ban all the same.
rest alice PUT /conversations/$c/bans/$bob {"until":"2099-01-01T00:00:00Z"} => 200 {"user":"~","until":"2099-01-01T00:00:00.000Z","reason":null,"by":"$alice","at":"~time"}
b< userLeftGroup {"groupId":"$c","userId":"$bob","banned":true}
a< userLeftGroup {"groupId":"$c","userId":"$bob","banned":true}
