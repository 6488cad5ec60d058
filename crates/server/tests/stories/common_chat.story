# What the chat vocabulary is told of conversations, people and notifications.
register alice
register bob
connect a alice chat
a< users:online ["$alice"]
connect b bob chat
b< users:online ["$alice","$bob"]
a< user:status {"userId":"$bob","status":"online"}

# A chat that somebody else begins appears, with all of its members, before anything happens in it.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201
b< chat:created {"chat":{"id":"=c","name":"Team","type":"group","created_by":"$alice","created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":null,"participants":[{"id":"$alice","username":"alice","email":"","avatar_url":"~picture","status":"online","role":"owner","joined_at":"~time","last_read_at":null},{"id":"$bob","username":"bob","email":"","avatar_url":"~picture","status":"online","role":"member","joined_at":"~time","last_read_at":null}]}}
b< member:joined "~"
a< chat:created {"chat":{"id":"$c","name":"Team","type":"group","created_by":"$alice","created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":null,"participants":["~","~"]}}
a< member:joined "~"
rest alice POST /conversations {"kind":"direct","memberIds":["$bob"]} => 201
b< chat:created {"chat":{"id":"=d","name":null,"type":"direct","created_by":null,"created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":null,"participants":["~","~"]}}
a< chat:created "~"

# Renamed, and a member with another role. What is the reader's own is not in it.
b> message:send {"chatId":"$c","content":"hi"} => {"success":true,"message":"~"}
b< message:new "~"
a< message:new {"id":"=m","chat_id":"$c","chatId":"$c","sender_id":"$bob","content":"hi","message_type":"text","is_edited":false,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":"~","sequence":2}
rest alice PATCH /conversations/$c {"name":"Crew"} => 200
b< chat:updated {"chat":{"id":"$c","name":"Crew","type":"group","created_by":"$alice","created_at":"~time","updated_at":"~time","last_message":{"id":"$m","chat_id":"$c","chatId":"$c","sender_id":"$bob","content":"hi","message_type":"text","is_edited":false,"is_deleted":false,"created_at":"~time","updated_at":"~time","sender":"~","sequence":2},"participants":["~","~"]}}
a< chat:updated "~"
rest alice POST /conversations/$c/members {"userId":"$bob","role":"admin"} => 200
b< chat:updated {"chat":{"id":"$c","name":"Crew","type":"group","created_by":"$alice","created_at":"~time","updated_at":"~time","last_message":"~","participants":["~",{"id":"$bob","username":"bob","email":"","avatar_url":"~picture","status":"online","role":"admin","joined_at":"~time","last_read_at":null}]}}
a< chat:updated "~"

# A changed profile.
rest bob PATCH /me {"avatar":"https://example.org/b.png"} => 200
a< user:updated {"id":"$bob","username":"bob","avatar_url":"https://example.org/b.png","status":"online","user":{"id":"$bob","username":"bob","avatar_url":"https://example.org/b.png","status":"online"}}
b< user:updated "~"

# A notification.
rest alice POST /meetups {"activity":"Chess","location":"Park","startsAt":"2099-01-01T10:00:00Z","capacity":1} => 201 {"id":"=meetup","chatId":"~","host":"~","activity":"~","location":"~","startsAt":"~time","expiresAt":"~time","capacity":1,"status":"open","participants":[],"requests":[]}
a< chat:created {"chat":{"id":"~","name":"Chess","type":"group","created_by":"$alice","created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":null,"participants":["~"]}}
rest bob POST /meetups/$meetup/requests => 201
a< notification:new {"userId":"$alice","notification":{"id":"~","title":"New Meetup Request","message":"You have a new meetup request from Bob Example.","timestamp":"~time"}}

# Deleted.
rest alice DELETE /conversations/$c => 204
b< chat:deleted {"chatId":"$c"}
b< chat:left {"chatId":"$c"}
a< chat:deleted {"chatId":"$c"}
a< chat:left {"chatId":"$c"}

# A direct chat that one of the two deletes is gone for that one, and comes back with the next message.
rest bob DELETE /conversations/$d => 204
b< chat:deleted {"chatId":"$d"}
a> message:send {"chatId":"$d","content":"still there?"}
a< message:new "~"
b< chat:created {"chat":{"id":"$d","name":null,"type":"direct","created_by":null,"created_at":"~time","updated_at":"~time","last_read_at":null,"unread_count":0,"last_message":null,"participants":["~","~"]}}
b< message:new "~"

# After a reload, who is online is told again; the notification was told.
connect r alice chat
r< users:online ["$alice","$bob"]
