# Who a connection is, and which dialect it speaks.
register alice
register bob

# Undecided, it is told what happens in all dialects, until its first event.
connect a alice auto
a< connected {"status":"connected","userId":"$alice"}
a< presenceList ["$alice"]
a< onlineUsers ["$alice"]
a< online_users ["$alice"]
a< users:online ["$alice"]
connect b bob messenger
b< onlineUsers ["~","~"]
a< userPresence {"userId":"$bob","status":"online","lastSeen":"~time"}
a< userOnline "$bob"
a< user_online {"userId":"$bob","username":"bob"}
a< user:status {"userId":"$bob","status":"online"}
b> privateMessage {"recipientId":"$alice","content":"one"} => {"success":true,"message":"~"}
b< messageSent "~"
a< chatCreated "~"
a< room_added {"id":"=c","name":"alice, bob","createdAt":"~time","type":"direct","description":null,"open":false,"ownerId":null,"memberCount":2}
a< conversation_created "~"
a< chat:created "~"
a< receiveMessage {"chatId":"$c","message":"~"}
a< privateMessage "~"
a< message_received "~"
a< receive_message "~"
a< message:new "~"
a> send_message {"conversationId":"$c","content":"two"} => {"success":true,"message":"~"}
a< receive_message "~"
b< privateMessage "~"
# Decided for good: another dialect's events are unknown to it now.
a> message:send {"chatId":"$c","content":"x"} => {"success":false,"code":"ERR_INVALID_PAYLOAD","message":"There is no event `message:send`."}
b> privateMessage {"recipientId":"$alice","content":"three"}
b< messageSent "~"
a< receive_message "~"

# The name that two dialects share is decided by its key, or not at all.
connect n alice auto
n< connected "~"
n< presenceList "~"
n< onlineUsers "~"
n< online_users "~"
n< users:online "~"
n> send_message {"content":"x"} => {"status":"error","success":false,"ok":false,"code":"ERR_INVALID_PAYLOAD","message":"`payload` of send_message does not say which vocabulary is meant: name the conversation by `roomId` or `conversationId`, one of them alone, or connect with `auth.dialect` or `?dialect=` `rooms` or `conversations`, or to the namespace `/rooms` or `/conversations`."}
n> nonsense {} => {"status":"error","success":false,"ok":false,"code":"ERR_INVALID_PAYLOAD","message":"There is no event `nonsense`."}

# Nobody may listen in auto, and say nothing that needs a name.
connect x nobody auto
x> message:send {"chatId":"$c","content":"x"} => {"success":false,"code":"ERR_UNAUTHENTICATED","message":"Authentication error: a token is needed"}
x< error {"code":"ERR_UNAUTHENTICATED","message":"Authentication error: a token is needed","event":"message:send"}
x> authenticate {"token":"bad"} => {"status":"error","success":false,"ok":false,"code":"ERR_UNAUTHENTICATED","message":"Authentication error: the token is malformed"}
x< error "~"
x> authenticate {"token":"$bob.token"} => {"success":true,"userId":"$bob"}
x< connected "~"
x< presenceList "~"
x< onlineUsers "~"
x< online_users "~"
x< users:online "~"
x> message:send {"chatId":"$c","content":"four"} => {"success":true,"message":"~"}
x< message:new "~"
b< messageSent "~"
a< receive_message "~"
n< receiveMessage "~"
n< privateMessage "~"
n< message_received "~"
n< receive_message "~"
n< message:new "~"

# A claim to a registered user's id needs a token.
refused guest:$alice rooms => {"message":"~","data":{"code":"ERR_UNAUTHENTICATED"}}
connect r nobody rooms
r> join_room {"roomId":"$c","userId":"$alice","username":"forged"} => {"ok":false,"code":"ERR_UNAUTHENTICATED","message":"Authentication error: this id belongs to a registered user; a token is needed"}
r< error "~"
refused nobody conversations => {"message":"Authentication error: a token is needed","data":{"code":"ERR_UNAUTHENTICATED"}}
refused nobody chat => {"message":"Authentication error: a token is needed","data":{"code":"ERR_UNAUTHENTICATED"}}
refused alice /nowhere => {"message":"Invalid namespace"}

# Revoked: every connection of the user ends.
rest bob POST /auth/revoke => 204
rest bob GET /me => 401
close b
close x
# Its going is told two seconds later.
a< user_offline {"userId":"$bob","username":"bob","lastSeen":"~time"}
n< userPresence {"userId":"$bob","status":"offline","lastSeen":"~time"}
n< userOffline "$bob"
n< user_offline "~"
n< user:status {"userId":"$bob","status":"offline"}
n< user_left {"userId":"$bob","roomId":"$c"}
