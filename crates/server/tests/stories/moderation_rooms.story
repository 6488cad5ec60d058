# Moderation in the rooms vocabulary: what limits what is written is told with the conversation, and a ban as a departure.
register alice
register bob
rest alice POST /conversations {"kind":"group","name":"Team","open":true,"memberIds":["$bob"]} => 201 {"id":"=c","kind":"group","name":"Team","open":true,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
connect a alice rooms
connect b bob rooms
a< user_joined "~"

# Only admins write, and then slow mode alone.
rest alice PATCH /conversations/$c {"slowModeS":3600,"onlyAdminsWrite":true} => 200
b< room_updated {"id":"$c","name":"Team","createdAt":"~time","type":"group","description":null,"open":true,"ownerId":"$alice","memberCount":2,"moderation":{"slowModeS":3600,"onlyAdminsWrite":true}}
a< room_updated "~"
b> send_message {"roomId":"$c","content":"hi"} => {"ok":false,"code":"ERR_FORBIDDEN","message":"Only its owner and admins write in this conversation."}
rest alice PATCH /conversations/$c {"onlyAdminsWrite":false} => 200
b< room_updated {"id":"$c","name":"Team","createdAt":"~time","type":"group","description":null,"open":true,"ownerId":"$alice","memberCount":2,"moderation":{"slowModeS":3600,"onlyAdminsWrite":false}}
a< room_updated "~"
b> send_message {"roomId":"$c","content":"one"} => {"ok":true,"message":"~"}
b< message_received "~"
a< message_received "~"
b> send_message {"roomId":"$c","content":"two"} => {"ok":false,"code":"ERR_RATE_LIMITED","message":"~","retryAfterMs":"~"}
# What is so already is told to nobody; without limits the field is absent.
rest alice PATCH /conversations/$c {"slowModeS":3600} => 200
rest alice PATCH /conversations/$c {"slowModeS":0} => 200
b< room_updated {"id":"$c","name":"Team","createdAt":"~time","type":"group","description":null,"open":true,"ownerId":"$alice","memberCount":2}
a< room_updated "~"

# Silenced: told to nobody, and seen by those who may moderate and by the one who is.
rest alice PUT /conversations/$c/silences/$bob {"until":"2099-01-01T00:00:00Z","reason":"shouting"} => 200 {"user":"~","until":"2099-01-01T00:00:00.000Z","reason":"shouting","by":"$alice","at":"~time"}
b> send_message {"roomId":"$c","content":"three"} => {"ok":false,"code":"ERR_FORBIDDEN","message":"You are silenced in this conversation until 2099-01-01T00:00:00.000Z."}
rest bob GET /conversations/$c => 200 {"id":"$c","kind":"group","name":"Team","open":true,"ownerId":"$alice","members":"~","lastMessage":"~","unreadCount":0,"moderation":{"slowModeS":0,"onlyAdminsWrite":false,"silencedUntil":"2099-01-01T00:00:00.000Z"},"sequence":"~","createdAt":"~time","updatedAt":"~time"}
rest bob GET /conversations/$c/silences => 403
rest alice GET /conversations/$c/silences => 200 {"items":[{"user":"~","until":"2099-01-01T00:00:00.000Z","reason":"shouting","by":"$alice","at":"~time"}],"next":null}
rest alice DELETE /conversations/$c/silences/$bob => 204
b> send_message {"roomId":"$c","content":"four"} => {"ok":true,"message":"~"}
b< message_received "~"
a< message_received "~"

# Banned: a departure with its reason, for the one who is banned too. The conversation is not there for it then.
rest alice PUT /conversations/$c/bans/$bob {"reason":"spam"} => 200 {"user":"~","until":null,"reason":"spam","by":"$alice","at":"~time"}
b< user_left {"userId":"$bob","roomId":"$c","banned":true,"reason":"spam"}
a< user_left {"userId":"$bob","roomId":"$c","banned":true,"reason":"spam"}
rest bob POST /conversations/$c/members {} => 404 {"type":"about:blank","title":"Not Found","status":404,"detail":"There is no conversation `$c` that you can see.","code":"ERR_NOT_FOUND","requestId":"~"}
rest bob GET /conversations/$c => 404
rest bob GET /rooms => 200 {"items":[],"next":null}
rest alice POST /conversations/$c/members {"userId":"$bob"} => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"User `$bob` is banned from this conversation.","code":"ERR_FORBIDDEN","requestId":"~"}
rest alice GET /conversations/$c/bans => 200 {"items":[{"user":"~","until":null,"reason":"spam","by":"$alice","at":"~time"}],"next":null}
rest alice DELETE /conversations/$c/bans/$bob => 204
rest bob POST /conversations/$c/members {} => 201
b< room_added "~"
b< user_joined "~"
a< user_joined "~"
# Without a reason it is a ban all the same.
rest alice PUT /conversations/$c/bans/$bob {"until":"2099-01-01T00:00:00Z"} => 200 {"user":"~","until":"2099-01-01T00:00:00.000Z","reason":null,"by":"$alice","at":"~time"}
b< user_left {"userId":"$bob","roomId":"$c","banned":true}
a< user_left {"userId":"$bob","roomId":"$c","banned":true}
