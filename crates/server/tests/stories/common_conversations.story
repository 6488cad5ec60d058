# What the conversations vocabulary is told of conversations, people and notifications.
register alice
register bob
connect a alice conversations
a< online_users ["$alice"]
connect b bob conversations
b< online_users ["$alice","$bob"]
a< user_online {"userId":"$bob","username":"bob"}

# A conversation that somebody else begins appears, before anything happens in it.
rest alice POST /conversations {"kind":"group","name":"Team","memberIds":["$bob"]} => 201
b< conversation_created {"conversation":{"_id":"=c","id":"$c","type":"group","name":"Team","participants":[{"_id":"$alice","id":"$alice","username":"alice","avatar":"~picture","status":"online","lastSeen":"~time","createdAt":"~time","role":"owner"},{"_id":"$bob","id":"$bob","username":"bob","avatar":"~picture","status":"online","lastSeen":"~time","createdAt":"~time","role":"member"}],"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
b< member_joined "~"
a< conversation_created "~"
a< member_joined "~"

# Renamed. What is the reader's own is not in it.
b> send_message {"conversationId":"$c","content":"hi"} => {"success":true,"message":"~"}
b< receive_message "~"
a< receive_message "~"
rest alice PATCH /conversations/$c {"name":"Crew"} => 200
b< conversation_updated {"conversation":{"_id":"$c","id":"$c","type":"group","name":"Crew","participants":["~","~"],"lastMessage":{"_id":"~","id":"~","conversationId":"$c","sender":"~","content":"hi","type":"text","fileUrl":null,"fileName":null,"status":"sent","edited":false,"deleted":false,"readBy":[],"createdAt":"~time","sequence":2},"createdAt":"~time","updatedAt":"~time"}}
a< conversation_updated "~"

# A changed profile.
rest bob PATCH /me {"avatar":"https://example.org/b.png"} => 200
a< profile_updated {"_id":"$bob","id":"$bob","username":"bob","avatar":"https://example.org/b.png","status":"online","lastSeen":"~time","createdAt":"~time","user":{"_id":"$bob","id":"$bob","username":"bob","avatar":"https://example.org/b.png","status":"online","lastSeen":"~time","createdAt":"~time"}}
b< profile_updated "~"

# A notification.
rest alice POST /meetups {"activity":"Chess","location":"Park","startsAt":"2099-01-01T10:00:00Z","capacity":1} => 201 {"id":"=meetup","chatId":"~","host":"~","activity":"~","location":"~","startsAt":"~time","expiresAt":"~time","capacity":1,"status":"open","participants":[],"requests":[]}
a< conversation_created {"conversation":{"_id":"~","id":"~","type":"meetup","name":"Chess","participants":["~"],"lastMessage":null,"unreadCount":0,"createdAt":"~time","updatedAt":"~time"}}
rest bob POST /meetups/$meetup/requests => 201
a< notification_created {"userId":"$alice","notification":{"_id":"=n","id":"$n","title":"New Meetup Request","message":"You have a new meetup request from Bob Example.","timestamp":"~time"}}

# Deleted: told as the end of the conversation, and then as one's own departure.
rest alice DELETE /conversations/$c => 204
b< conversation_deleted {"conversationId":"$c"}
b< member_left {"conversationId":"$c","userId":"$bob"}
a< conversation_deleted {"conversationId":"$c"}
a< member_left {"conversationId":"$c","userId":"$alice"}

# After a reload, who is online is told again.
connect r alice conversations
r< online_users ["$alice","$bob"]
