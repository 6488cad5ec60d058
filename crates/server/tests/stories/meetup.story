# The meetup vocabulary: meetups, their chats, notifications, and its extensions.
register host
register guest

connect h host meetup
h< connected {"status":"connected","userId":"$host"}
h< presenceList ["$host"]
rest host POST /meetups {"activity":"Chess","location":"Park","startsAt":"2099-01-01T10:00:00Z","capacity":1} => 201 {"id":"=meetup","chatId":"=chat","host":"~","activity":"Chess","location":"Park","startsAt":"2099-01-01T10:00:00.000Z","expiresAt":"2099-01-01T10:00:00.000Z","capacity":1,"status":"open","participants":[],"requests":[]}

h< chatCreated "~"

# A request to join reaches the host as a notification.
rest guest POST /meetups/$meetup/requests => 201
h< newNotification {"userId":"$host","notification":{"title":"New Meetup Request","message":"You have a new meetup request from Guest Example.","timestamp":"~time","id":"~"}}
rest guest POST /meetups/$meetup/requests => 409

# Accepted while away: told on the next connect that speaks meetup, once.
rest host POST /meetups/$meetup/requests/$guest/accept => 200
h< memberJoined {"chatId":"$chat","user":{"id":"$guest","username":"guest","name":"Guest Example","avatar":"~picture"}}
connect g guest meetup
g< connected {"status":"connected","userId":"$guest"}
g< presenceList ["~","~"]
h< userPresence {"userId":"$guest","status":"online","lastSeen":"~time"}
g< newNotification {"userId":"$guest","notification":{"title":"Meetup Request Accepted","message":"Host Example accepted your request for the meetup \"Chess\".","timestamp":"~time","id":"~"}}

# The document's message, with and without an acknowledgement. The sender's connection does not hear itself.
g> sendMessage {"chatId":"$chat","senderId":"$guest","message":"Hello, how are you?"} => {"status":"sent","messageId":"=m1","timestamp":"~time"}
h< receiveMessage {"chatId":"$chat","message":{"messageId":"$m1","senderId":"$guest","message":"Hello, how are you?","timestamp":"~time","type":"text","senderName":"Guest Example","sequence":2}}
h> sendMessage {"chatId":"$chat","senderId":"$host","message":"Fine"}
h< sendMessage {"status":"sent","messageId":"=m2","timestamp":"~time"}
g< receiveMessage {"chatId":"$chat","message":{"messageId":"$m2","senderId":"$host","message":"Fine","timestamp":"~time","type":"text","senderName":"Host Example","sequence":3}}

# In another's name: refused, and nothing is sent.
g> sendMessage {"chatId":"$chat","senderId":"$host","message":"forged"} => {"status":"error","code":"ERR_FORBIDDEN","message":"The payload names user `$host`, and this connection is `$guest`."}
g> sendMessage {"chatId":"nowhere","senderId":"$guest","message":"x"} => {"status":"error","code":"ERR_NOT_FOUND","message":"There is no conversation `nowhere` that you can see."}
g> sendMessage {"chatId":"$chat","senderId":"$guest"}
g< error {"code":"ERR_INVALID_PAYLOAD","message":"`message` is missing in sendMessage.","event":"sendMessage"}

# Typing, relayed under the same names.
g> userTyping {"chatId":"$chat","userId":"$guest"}
h< userTyping {"chatId":"$chat","userId":"$guest"}
g> userStoppedTyping {"chatId":"$chat","userId":"$guest"}
h< userStoppedTyping {"chatId":"$chat","userId":"$guest"}

# Edited, read, deleted.
g> editMessage {"messageId":"$m1","message":"Hello!"} => {"status":"edited","messageId":"$m1"}
g< messageEdited {"chatId":"$chat","messageId":"$m1","message":"Hello!","editedAt":"~time"}
h< messageEdited {"chatId":"$chat","messageId":"$m1","message":"Hello!","editedAt":"~time"}
h> markRead {"chatId":"$chat","messageIds":["$m1"]} => {"status":"read"}
g< messagesRead {"chatId":"$chat","messageIds":["$m1"],"userId":"$host"}
h< messagesRead {"chatId":"$chat","messageIds":["$m1"],"userId":"$host"}
h> deleteMessage {"messageId":"$m1"} => {"status":"deleted","messageId":"$m1"}
g< messageDeleted {"chatId":"$chat","messageId":"$m1"}
h< messageDeleted {"chatId":"$chat","messageId":"$m1"}

# The status of the meetup.
rest host PATCH /meetups/$meetup {"status":"confirmed"} => 200
h< meetupStatusUpdate {"meetupId":"$meetup","status":"confirmed","updatedBy":"Host Example"}
g< meetupStatusUpdate {"meetupId":"$meetup","status":"confirmed","updatedBy":"Host Example"}
g< newNotification {"userId":"$guest","notification":{"title":"Meetup Confirmed","message":"The meetup \"Chess\" is confirmed.","timestamp":"~time","id":"~"}}
rest host PATCH /meetups/$meetup {"status":"open"} => 409

# Leaving.
rest guest DELETE /meetups/$meetup/participants/$guest => 200
h< memberLeft {"chatId":"$chat","userId":"$guest"}
g< memberLeft {"chatId":"$chat","userId":"$guest"}
g> sendMessage {"chatId":"$chat","senderId":"$guest","message":"x"} => {"status":"error","code":"ERR_NOT_FOUND","message":"There is no conversation `$chat` that you can see."}
