# Custom data of groups and of profiles in the messenger vocabulary.
register alice
register bob
connect a alice messenger
a< onlineUsers "~"
connect b bob messenger
b< onlineUsers "~"
a< userOnline "~"

# Given with the group, and shown with it.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"],"metadata":{"color":"green","order":[1,{"a":null}]}} => 201 {"id":"=c","kind":"group","name":"Team","metadata":{"color":"green","order":[1,{"a":null}]},"open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
b< groupCreated {"group":{"_id":"$c","name":"Team","description":"","metadata":{"color":"green","order":[1,{"a":null}]},"creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time"}}
b< userJoinedGroup "~"
a< groupCreated "~"
a< userJoinedGroup "~"

# Replaced as a whole, and removed.
rest alice PATCH /conversations/$c {"metadata":{"color":"red"}} => 200
b< groupUpdated {"group":{"_id":"$c","name":"Team","description":"","metadata":{"color":"red"},"creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time"}}
a< groupUpdated "~"
rest alice PATCH /conversations/$c {"metadata":null} => 200
b< groupUpdated {"group":{"_id":"$c","name":"Team","description":"","creator":"$alice","memberCount":2,"isMember":true,"createdAt":"~time"}}
a< groupUpdated "~"

# The custom data of a profile.
rest bob PATCH /me {"metadata":{"team":"north"}} => 200
a< contactUpdated {"_id":"$bob","id":"$bob","username":"bob","firstName":"Bob","lastName":"Example","avatar":"~picture","metadata":{"team":"north"},"user":{"_id":"$bob","id":"$bob","username":"bob","firstName":"Bob","lastName":"Example","avatar":"~picture","metadata":{"team":"north"}}}
b< contactUpdated "~"
