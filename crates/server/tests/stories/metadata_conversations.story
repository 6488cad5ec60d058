# Custom data of conversations and of profiles in the conversations vocabulary.
register alice
register bob
connect a alice conversations
a< online_users "~"
connect b bob conversations
b< online_users "~"
a< user_online "~"

# Given with the conversation, and shown with it.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"],"metadata":{"color":"green","order":[1,{"a":null}]}} => 201 {"id":"=c","kind":"group","name":"Team","metadata":{"color":"green","order":[1,{"a":null}]},"open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
b< conversation_created {"conversation":{"_id":"$c","id":"$c","type":"group","name":"Team","participants":["~","~"],"metadata":{"color":"green","order":[1,{"a":null}]},"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
b< member_joined "~"
a< conversation_created "~"
a< member_joined "~"

# Replaced as a whole, and removed.
rest alice PATCH /conversations/$c {"metadata":{"color":"red"}} => 200
b< conversation_updated {"conversation":{"_id":"$c","id":"$c","type":"group","name":"Team","participants":["~","~"],"metadata":{"color":"red"},"lastMessage":null,"createdAt":"~time","updatedAt":"~time"}}
a< conversation_updated "~"
rest alice PATCH /conversations/$c {"metadata":{}} => 200
b< conversation_updated {"conversation":{"_id":"$c","id":"$c","type":"group","name":"Team","participants":["~","~"],"lastMessage":null,"createdAt":"~time","updatedAt":"~time"}}
a< conversation_updated "~"

# The custom data of a profile.
rest bob PATCH /me {"metadata":{"team":"north"}} => 200
a< profile_updated {"_id":"$bob","id":"$bob","username":"bob","avatar":"~picture","status":"online","lastSeen":"~time","createdAt":"~time","metadata":{"team":"north"},"user":{"_id":"$bob","id":"$bob","username":"bob","avatar":"~picture","status":"online","lastSeen":"~time","createdAt":"~time","metadata":{"team":"north"}}}
b< profile_updated "~"
