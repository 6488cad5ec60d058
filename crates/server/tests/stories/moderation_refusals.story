# What moderation refuses, each with its sentence.
register alice
register bob
register carol
register dora
rest alice POST /conversations {"kind":"room","name":"Hall"} => 201 {"id":"=c","kind":"room","name":"Hall","open":true,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
rest bob POST /conversations/$c/members {} => 201
rest carol POST /conversations/$c/members {} => 201
rest dora POST /conversations/$c/members {} => 201
rest alice POST /conversations/$c/members {"userId":"$bob","role":"admin"} => 200
rest alice POST /conversations/$c/members {"userId":"$carol","role":"admin"} => 200

# Nobody bans the owner, nobody an equal, and nobody oneself.
rest bob PUT /conversations/$c/bans/$alice {} => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"The owner of a conversation can be neither banned nor silenced.","code":"ERR_FORBIDDEN","requestId":"~"}
rest bob PUT /conversations/$c/silences/$carol {"until":"2099-01-01T00:00:00Z"} => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"Only somebody of a lower role than your own can be banned or silenced.","code":"ERR_FORBIDDEN","requestId":"~"}
rest bob PUT /conversations/$c/bans/$carol {} => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"Only somebody of a lower role than your own can be banned or silenced.","code":"ERR_FORBIDDEN","requestId":"~"}
rest bob PUT /conversations/$c/bans/$bob {} => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"Nobody bans, silences or releases oneself.","code":"ERR_FORBIDDEN","requestId":"~"}
rest dora PUT /conversations/$c/bans/$bob {} => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"Only who leads the conversation may moderate it.","code":"ERR_FORBIDDEN","requestId":"~"}
rest dora PATCH /conversations/$c {"slowModeS":5} => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"Only who leads the conversation may moderate it.","code":"ERR_FORBIDDEN","requestId":"~"}

# An admin who is silenced does not release itself, and no other admin does.
rest alice PUT /conversations/$c/silences/$bob {"until":"2099-01-01T00:00:00Z"} => 200
rest bob DELETE /conversations/$c/silences/$bob => 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"Nobody bans, silences or releases oneself.","code":"ERR_FORBIDDEN","requestId":"~"}
rest carol DELETE /conversations/$c/silences/$bob => 403
rest alice DELETE /conversations/$c/silences/$bob => 204

# Ends, reasons, seconds and users that are none.
rest bob PUT /conversations/$c/bans/$dora {"until":"2001-01-01T00:00:00Z"} => 422 {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"`until` must be in the future.","code":"ERR_INVALID_PAYLOAD","field":"until","requestId":"~"}
rest bob PUT /conversations/$c/bans/$dora {"until":"tomorrow"} => 422 {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"`until` must be a time in ISO 8601.","code":"ERR_INVALID_PAYLOAD","field":"until","requestId":"~"}
rest bob PUT /conversations/$c/silences/$dora {"reason":"shouting"} => 422
rest bob PUT /conversations/$c/bans/nobody {} => 404 {"type":"about:blank","title":"Not Found","status":404,"detail":"There is no user `nobody` that you can see.","code":"ERR_NOT_FOUND","requestId":"~"}
rest bob PATCH /conversations/$c {"slowModeS":86401} => 422 {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"`slowModeS` must be a number of seconds from 0 to 86400.","code":"ERR_INVALID_PAYLOAD","field":"slowModeS","requestId":"~"}
rest bob PATCH /conversations/$c {"slowModeS":-1} => 422
rest bob PUT /conversations/$c/bans/$dora {"reason":"a\u0000b"} => 422 {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"`reason` must not contain the character U+0000.","code":"ERR_INVALID_PAYLOAD","field":"reason","requestId":"~"}
rest bob GET /conversations/$c/bans?cursor=x => 422 {"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"`cursor` must be the `next` of an earlier page.","code":"ERR_INVALID_PAYLOAD","field":"cursor","requestId":"~"}

# A direct conversation has nobody who leads it.
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201 {"id":"=d","kind":"direct","name":null,"open":false,"ownerId":null,"members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
rest alice PUT /conversations/$d/bans/$bob {} => 403
rest alice PATCH /conversations/$d {"onlyAdminsWrite":true} => 403
