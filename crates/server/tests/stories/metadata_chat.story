# Custom data of chats and of profiles in the chat vocabulary.
register alice
register bob
connect a alice chat
a< users:online "~"
connect b bob chat
b< users:online "~"
a< user:status "~"

# Given with the chat, and shown with it, in lists as well.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"],"metadata":{"color":"green","order":[1,{"a":null}]}} => 201 {"id":"=c","kind":"group","name":"Team","metadata":{"color":"green","order":[1,{"a":null}]},"open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}
b< chat:created {"chat":{"id":"$c","name":"Team","type":"group","created_by":"$alice","metadata":{"color":"green","order":[1,{"a":null}]},"created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":null,"participants":["~","~"]}}
b< member:joined "~"
a< chat:created "~"
a< member:joined "~"
rest bob GET /conversations => 200 {"items":[{"id":"$c","kind":"group","name":"Team","metadata":{"color":"green","order":[1,{"a":null}]},"open":false,"ownerId":"$alice","members":"~","lastMessage":null,"unreadCount":0,"sequence":"~","createdAt":"~time","updatedAt":"~time"}],"next":null}

# Replaced as a whole. A new name leaves it as it is; an empty object removes it.
rest alice PATCH /conversations/$c {"metadata":{"color":"red"}} => 200
b< chat:updated {"chat":{"id":"$c","name":"Team","type":"group","created_by":"$alice","metadata":{"color":"red"},"created_at":"~time","updated_at":"~time","last_message":null,"participants":["~","~"]}}
a< chat:updated "~"
rest alice PATCH /conversations/$c {"name":"Crew"} => 200
b< chat:updated {"chat":{"id":"$c","name":"Crew","type":"group","created_by":"$alice","metadata":{"color":"red"},"created_at":"~time","updated_at":"~time","last_message":null,"participants":["~","~"]}}
a< chat:updated "~"
rest alice PATCH /conversations/$c {"metadata":{}} => 200
b< chat:updated {"chat":{"id":"$c","name":"Crew","type":"group","created_by":"$alice","created_at":"~time","updated_at":"~time","last_message":null,"participants":["~","~"]}}
a< chat:updated "~"

# The custom data of a profile is told when it changes, and stands beside no message.
rest bob PATCH /me {"metadata":{"team":"north"}} => 200
a< user:updated {"id":"$bob","username":"bob","avatar_url":"~picture","status":"online","metadata":{"team":"north"},"user":{"id":"$bob","username":"bob","avatar_url":"~picture","status":"online","metadata":{"team":"north"}}}
b< user:updated "~"
b> message:send {"chatId":"$c","content":"hi"} => {"success":true,"message":"~"}
b< message:new "~"
a< message:new {"id":"~","chat_id":"$c","chatId":"$c","sender_id":"$bob","content":"hi","message_type":"text","is_edited":false,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":{"id":"$bob","username":"bob","avatar_url":"~picture","status":"online"},"sequence":"~"}
