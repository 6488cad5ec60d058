# Custom data of chats and of profiles in the meetup vocabulary.
register alice
register bob
connect a alice meetup
a< connected "~"
a< presenceList "~"
connect b bob meetup
b< connected "~"
b< presenceList "~"
a< userPresence "~"

# Given with the chat, and shown with it.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"],"metadata":{"color":"green","order":[1,{"a":null}]}} => 201 {"id":"=c","kind":"group","name":"Team","metadata":{"color":"green","order":[1,{"a":null}]},"open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
b< chatCreated {"chat":{"chatId":"$c","id":"$c","type":"group","name":"Team","description":null,"metadata":{"color":"green","order":[1,{"a":null}]},"open":false,"ownerId":"$alice","participants":["~","~"],"memberCount":2,"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
b< memberJoined "~"
a< chatCreated "~"
a< memberJoined "~"

# Replaced as a whole. What is so already is told to nobody.
rest alice PATCH /conversations/$c {"metadata":{"color":"red"}} => 200
b< chatUpdated {"chat":{"chatId":"$c","id":"$c","type":"group","name":"Team","description":null,"metadata":{"color":"red"},"open":false,"ownerId":"$alice","participants":["~","~"],"memberCount":2,"lastMessage":null,"createdAt":"~time","updatedAt":"~time"}}
a< chatUpdated "~"
rest alice PATCH /conversations/$c {"metadata":{"color":"red"}} => 200
rest bob PATCH /conversations/$c {"metadata":{"color":"blue"}} => 403

# Removed by an empty object.
rest alice PATCH /conversations/$c {"metadata":{}} => 200 {"id":"$c","kind":"group","name":"Team","open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
b< chatUpdated {"chat":{"chatId":"$c","id":"$c","type":"group","name":"Team","description":null,"open":false,"ownerId":"$alice","participants":["~","~"],"memberCount":2,"lastMessage":null,"createdAt":"~time","updatedAt":"~time"}}
a< chatUpdated "~"

# The custom data of a profile is told when it changes, and stands beside no message.
rest bob PATCH /me {"metadata":{"team":"north"}} => 200
a< userUpdated {"id":"$bob","username":"bob","name":"Bob Example","avatar":"~picture","metadata":{"team":"north"},"user":{"id":"$bob","username":"bob","name":"Bob Example","avatar":"~picture","metadata":{"team":"north"}}}
b< userUpdated "~"
b> sendMessage {"chatId":"$c","senderId":"$bob","message":"hi"}
a< receiveMessage {"chatId":"$c","message":{"messageId":"~","senderId":"$bob","message":"hi","timestamp":"~time","type":"text","senderName":"Bob Example","sequence":"~"}}
b< sendMessage {"status":"sent","messageId":"~","timestamp":"~time"}
