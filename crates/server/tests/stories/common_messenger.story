# What the messenger vocabulary is told of groups, people and notifications.
register alice
register bob
connect a alice messenger
a< onlineUsers ["$alice"]
connect b bob messenger
b< onlineUsers ["$alice","$bob"]
a< userOnline "$bob"

# A group that somebody else begins appears, before anything happens in it. A direct conversation is no group.
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201
rest alice POST /conversations {"kind":"group","name":"Team","description":"All of us.","memberIds":["$bob"]} => 201
b< groupCreated {"group":{"_id":"=c","name":"Team","description":"All of us.","creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time"}}
b< userJoinedGroup "~"
a< groupCreated "~"
a< userJoinedGroup "~"

# Renamed; and the owner leaves, so that there is another.
rest alice PATCH /conversations/$c {"name":"Crew"} => 200
b< groupUpdated {"group":{"_id":"$c","name":"Crew","description":"All of us.","creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time"}}
a< groupUpdated "~"
a> leaveGroup {"groupId":"$c"}
a< leftGroup {"groupId":"$c","name":"Crew"}
b< userLeftGroup {"groupId":"$c","userId":"$alice"}
b< groupUpdated {"group":{"_id":"$c","name":"Crew","description":"All of us.","creator":"$bob","memberCount":1,"isMember":true,"createdAt":"~time"}}

# A changed profile.
rest bob PATCH /me {"name":"Bobby Tables"} => 200
a< contactUpdated {"_id":"$bob","id":"$bob","username":"bob","firstName":"Bobby","lastName":"Tables","avatar":"~picture","user":{"_id":"$bob","id":"$bob","username":"bob","firstName":"Bobby","lastName":"Tables","avatar":"~picture"}}
b< contactUpdated "~"

# A notification.
rest bob POST /meetups {"activity":"Chess","location":"Park","startsAt":"2099-01-01T10:00:00Z","capacity":1} => 201 {"id":"=meetup","chatId":"~","host":"~","activity":"~","location":"~","startsAt":"~time","expiresAt":"~time","capacity":1,"status":"open","participants":[],"requests":[]}
b< groupCreated {"group":{"_id":"~","name":"Chess","description":"","creator":"$bob","memberCount":1,"isMember":true,"createdAt":"~time"}}
rest alice POST /meetups/$meetup/requests => 201
b< notificationReceived {"userId":"$bob","notification":{"_id":"=n","id":"$n","title":"New Meetup Request","message":"You have a new meetup request from Alice Example.","timestamp":"~time"}}

# Deleted: as the document has it.
rest bob DELETE /conversations/$c => 204
b< leftGroup {"groupId":"$c","name":"Crew"}

# After a reload, who is online is told again.
connect r bob messenger
r< onlineUsers ["$alice","$bob"]
