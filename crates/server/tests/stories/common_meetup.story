# What the meetup vocabulary is told of chats, people and notifications.
register alice
register bob
connect a alice meetup
a< connected "~"
a< presenceList ["$alice"]
connect b bob meetup
b< connected "~"
b< presenceList ["$alice","$bob"]
a< userPresence {"userId":"$bob","status":"online","lastSeen":"~time"}

# A chat that somebody else begins appears, before anything happens in it.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201
b< chatCreated {"chat":{"chatId":"=c","id":"$c","type":"group","name":"Team","description":null,"open":false,"ownerId":"$alice","participants":[{"id":"$alice","username":"alice","name":"Alice Example","avatar":"~picture","role":"owner"},{"id":"$bob","username":"bob","name":"Bob Example","avatar":"~picture","role":"member"}],"memberCount":2,"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
b< memberJoined "~"
a< chatCreated "~"
a< memberJoined "~"

# Opened. What is the reader's own is not in it.
rest alice PATCH /conversations/$c {"open":true} => 200
b< chatUpdated {"chat":{"chatId":"$c","id":"$c","type":"group","name":"Team","description":null,"open":true,"ownerId":"$alice","participants":["~","~"],"memberCount":2,"lastMessage":null,"createdAt":"~time","updatedAt":"~time"}}
a< chatUpdated "~"

# A changed profile.
rest bob PATCH /me {"name":"Bobby"} => 200
a< userUpdated {"id":"$bob","username":"bob","name":"Bobby","avatar":"~picture","user":{"id":"$bob","username":"bob","name":"Bobby","avatar":"~picture"}}
b< userUpdated "~"

# Deleted: told as the end of the chat, and then as one's own departure.
rest alice DELETE /conversations/$c => 204
b< chatDeleted {"chatId":"$c"}
b< memberLeft {"chatId":"$c","userId":"$bob"}
a< chatDeleted {"chatId":"$c"}
a< memberLeft {"chatId":"$c","userId":"$alice"}

# After a reload, who is online is told again.
connect r alice meetup
r< connected "~"
r< presenceList ["$alice","$bob"]
