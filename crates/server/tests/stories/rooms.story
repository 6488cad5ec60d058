# The rooms vocabulary: guests in open rooms, and its extensions.
connect j nobody rooms
j> create_room {"name":"General Chat","userId":"g-joe"}
j< room_created {"id":"=room","name":"General Chat","createdAt":"~time","guestSecret":"~"}

# Its maker is in it only after joining.
j> send_message {"roomId":"$room","userId":"g-joe","content":"early"}
j< error {"code":"ERR_FORBIDDEN","message":"You are not a member of conversation `$room`.","event":"send_message"}
j> join_room {"roomId":"$room","userId":"g-joe","username":"JohnDoe","avatar":"https://example.com/avatar.png"}
j< history []
j< room_members {"roomId":"$room","users":[{"userId":"g-joe","username":"JohnDoe","online":true,"avatar":"https://example.com/avatar.png","guest":true}]}
j> send_message {"roomId":"$room","userId":"g-joe","content":"Hello world!","type":"text"}
j< message_received {"id":"=m1","roomId":"$room","content":"Hello world!","type":"text","userId":"g-joe","user":{"id":"g-joe","username":"JohnDoe","avatar":"https://example.com/avatar.png","guest":true},"createdAt":"~time","sequence":2}

# Another joins: it gets the history, the others hear of it.
connect k guest:g-jane /rooms
k> join_room {"roomId":"$room","userId":"g-jane","username":"JaneDoe"} => {"ok":true,"roomId":"$room"}
k< history [{"id":"$m1","roomId":"$room","content":"Hello world!","type":"text","userId":"g-joe","user":{"id":"g-joe","username":"JohnDoe","avatar":"https://example.com/avatar.png","guest":true},"createdAt":"~time","sequence":2}]
k< room_members {"roomId":"$room","users":[{"userId":"g-joe","username":"JohnDoe","online":true,"avatar":"https://example.com/avatar.png","guest":true},{"userId":"g-jane","username":"JaneDoe","online":true,"avatar":"~picture","guest":true}]}
j< user_joined {"userId":"g-jane","username":"JaneDoe","roomId":"$room","user":{"id":"g-jane","username":"JaneDoe","avatar":"~picture","guest":true}}

# Typing.
k> typing {"roomId":"$room","userId":"g-jane","isTyping":true}
j< user_typing {"userId":"g-jane","username":"JaneDoe","roomId":"$room","isTyping":true,"guest":true}
k> typing {"roomId":"$room","userId":"g-jane","isTyping":"yes"} => {"ok":false,"code":"ERR_INVALID_PAYLOAD","message":"`isTyping` must be true or false."}
# A message ends it.
k> send_message {"roomId":"$room","userId":"g-jane","content":"Hi"} => {"ok":true,"message":{"id":"=m2","roomId":"$room","content":"Hi","type":"text","userId":"g-jane","user":"~","createdAt":"~time","sequence":4}}
k< message_received "~"
j< message_received "~"
j< user_typing {"userId":"g-jane","username":"JaneDoe","roomId":"$room","isTyping":false,"guest":true}

# Read, edited, removed.
j> read_messages {"roomId":"$room","messageIds":["$m2"]} => {"ok":true}
j< messages_seen {"roomId":"$room","messageIds":["$m2"],"userId":"g-joe"}
k< messages_seen {"roomId":"$room","messageIds":["$m2"],"userId":"g-joe"}
k> update_message {"messageId":"$m2","content":"Hi!"}
k< message_updated {"id":"$m2","roomId":"$room","content":"Hi!","editedAt":"~time"}
j< message_updated {"id":"$m2","roomId":"$room","content":"Hi!","editedAt":"~time"}
# The room's owner may remove another's message.
j> remove_message {"messageId":"$m2"}
k< message_removed {"id":"$m2","roomId":"$room"}
j< message_removed {"id":"$m2","roomId":"$room"}

# A guest is who it said it was, and lives in open rooms only.
k> send_message {"roomId":"$room","userId":"g-joe","content":"forged"} => {"ok":false,"code":"ERR_FORBIDDEN","message":"The payload names user `g-joe`, and this connection is `g-jane`."}
register alice
rest alice POST /conversations {"kind":"group","name":"Closed"} => 201 {"id":"=closed","kind":"group","name":"Closed","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":0,"createdAt":"~time","updatedAt":"~time"}
k> join_room {"roomId":"$closed","userId":"g-jane","username":"JaneDoe"} => {"ok":false,"code":"ERR_NOT_FOUND","message":"There is no conversation `$closed` that you can see."}

# Leaving.
k> leave_room {"roomId":"$room","userId":"g-jane"} => {"ok":true,"roomId":"$room"}
j< user_left {"userId":"g-jane","roomId":"$room"}
k> leave_room {"roomId":"$room","userId":"g-jane"}
k< error {"code":"ERR_FORBIDDEN","message":"You are not a member of conversation `$room`.","event":"leave_room"}

# Gone without a word: told when it is offline.
k> join_room {"roomId":"$room","userId":"g-jane","username":"JaneDoe"}
k< history "~"
k< room_members "~"
j< user_joined "~"
close k
j< user_left {"userId":"g-jane","roomId":"$room"}
