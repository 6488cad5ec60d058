# What the rooms vocabulary is told of rooms, people and notifications.
register alice
register bob
connect a alice rooms
connect b bob rooms

# A conversation that somebody else begins appears, before anything happens in it.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201
b< room_added {"id":"=c","name":"Team","createdAt":"~time","type":"group","description":null,"open":false,"ownerId":"$alice","memberCount":2}
b< user_joined "~"
a< room_added "~"
a< user_joined "~"
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201
b< room_added {"id":"~","name":"alice, bob","createdAt":"~time","type":"direct","description":null,"open":false,"ownerId":null,"memberCount":2}
a< room_added "~"

# Renamed.
rest alice PATCH /conversations/$c {"name":"Crew"} => 200
b< room_updated {"id":"$c","name":"Crew","createdAt":"~time","type":"group","description":null,"open":false,"ownerId":"$alice","memberCount":2}
a< room_updated "~"

# A changed profile.
rest bob PATCH /me {"avatar":"https://example.org/b.png"} => 200
a< user_updated {"id":"$bob","username":"bob","avatar":"https://example.org/b.png","user":{"id":"$bob","username":"bob","avatar":"https://example.org/b.png"}}
b< user_updated "~"

# A notification.
rest alice POST /meetups {"activity":"Chess","location":"Park","startsAt":"2099-01-01T10:00:00Z","capacity":1} => 201 {"id":"=meetup","chatId":"~","host":"~","activity":"~","location":"~","startsAt":"~time","expiresAt":"~time","capacity":1,"status":"open","participants":[],"requests":[]}
a< room_added "~"
rest bob POST /meetups/$meetup/requests => 201
a< notification_received {"userId":"$alice","notification":{"id":"~","title":"New Meetup Request","message":"You have a new meetup request from Bob Example.","timestamp":"~time"}}

# After a reload, who is there is told behind the history, whether or not they are online.
register carol
rest alice POST /conversations/$c/members {"userId":"$carol"} => 201
a< user_joined "~"
b< user_joined "~"
connect r alice rooms
r> join_room {"roomId":"$c","userId":"$alice","username":"alice"} => {"ok":true,"roomId":"$c"}
r< history []
r< room_members {"roomId":"$c","users":[{"userId":"$alice","username":"alice","online":true,"avatar":"~picture"},{"userId":"$bob","username":"bob","online":true,"avatar":"https://example.org/b.png"},{"userId":"$carol","username":"carol","online":false,"avatar":"~picture"}]}

# Deleted: told as the end of the room, and then as one's own departure.
rest alice DELETE /conversations/$c => 204
b< room_deleted {"id":"$c"}
b< user_left {"userId":"$bob","roomId":"$c"}
a< room_deleted {"id":"$c"}
a< user_left "~"
r< room_deleted {"id":"$c"}
r< user_left "~"
