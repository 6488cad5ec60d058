# Custom data of rooms and of profiles in the rooms vocabulary.
register alice
register bob
connect a alice rooms
connect p alice rooms
connect b bob rooms

# Given with the room.
a> create_room {"name":"Lobby","userId":"$alice","metadata":{"topic":"tea"}}
a< room_created {"id":"=r","name":"Lobby","createdAt":"~time"}
a> join_room {"roomId":"$r","userId":"$alice","username":"alice"}
a< history []
a< room_members "~"
p< room_added {"id":"$r","name":"Lobby","createdAt":"~time","type":"room","description":null,"metadata":{"topic":"tea"},"open":true,"ownerId":"$alice","memberCount":1}
p< user_joined "~"

# Replaced as a whole, and removed.
rest alice PATCH /conversations/$r {"metadata":{"topic":"coffee"}} => 200
a< room_updated {"id":"$r","name":"Lobby","createdAt":"~time","type":"room","description":null,"metadata":{"topic":"coffee"},"open":true,"ownerId":"$alice","memberCount":1}
p< room_updated "~"
rest alice PATCH /conversations/$r {"metadata":{}} => 200
a< room_updated {"id":"$r","name":"Lobby","createdAt":"~time","type":"room","description":null,"open":true,"ownerId":"$alice","memberCount":1}
p< room_updated "~"

# The custom data of a profile is told when it changes, and stands beside no message.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201
b< room_added {"id":"=c","name":"Team","createdAt":"~time","type":"group","description":null,"open":false,"ownerId":"$alice","memberCount":2}
b< user_joined "~"
a< room_added "~"
p< room_added "~"
a< user_joined "~"
p< user_joined "~"
rest bob PATCH /me {"metadata":{"team":"north"}} => 200
a< user_updated {"id":"$bob","username":"bob","avatar":"~picture","metadata":{"team":"north"},"user":{"id":"$bob","username":"bob","avatar":"~picture","metadata":{"team":"north"}}}
p< user_updated "~"
b< user_updated "~"
b> send_message {"roomId":"$c","userId":"$bob","content":"hi"}
a< message_received {"id":"~","roomId":"$c","content":"hi","type":"text","userId":"$bob","user":{"id":"$bob","username":"bob","avatar":"~picture"},"createdAt":"~time","sequence":"~"}
p< message_received "~"
b< message_received "~"

# What is wrong is named.
a> create_room {"name":"Lobby","userId":"$alice","metadata":[]}
a< error {"code":"ERR_INVALID_PAYLOAD","message":"`metadata` must be an object.","event":"create_room"}
