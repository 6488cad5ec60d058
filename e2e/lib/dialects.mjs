// How one says and hears the same thing in each of the five vocabularies.

/** A conversation as the tests know it: its id, its kind, and, if direct, both users. */

export const DIALECTS = {
  meetup: {
    send: (me, place, text) => ["sendMessage", { chatId: place.id, senderId: me.id, message: text }],
    sent: (ack) => ack.status === "sent" && ack.messageId,
    heard: () => ["receiveMessage", (p) => ({ id: p.message.messageId, text: p.message.message, place: p.chatId, author: p.message.senderId })],
    echo: false,
    typing: (me, place, on) => [on ? "userTyping" : "userStoppedTyping", { chatId: place.id, userId: me.id }],
    typed: (on) => [on ? "userTyping" : "userStoppedTyping", (p) => ({ place: p.chatId, user: p.userId })],
    read: (place, id) => ["markRead", { chatId: place.id, messageIds: [id] }],
    wasRead: () => ["messagesRead", (p) => ({ ids: p.messageIds, user: p.userId })],
    edit: (id, text) => ["editMessage", { messageId: id, message: text }],
    edited: () => ["messageEdited", (p) => ({ id: p.messageId, text: p.message })],
    remove: (id) => ["deleteMessage", { messageId: id }],
    removed: () => ["messageDeleted", (p) => ({ id: p.messageId })],
    presence: (online) => ["userPresence", (p) => p.status === (online ? "online" : "offline") && p.userId],
  },
  messenger: {
    send: (me, place, text) =>
      place.pair
        ? ["privateMessage", { recipientId: place.pair.find((id) => id !== me.id), content: text }]
        : ["groupMessage", { groupId: place.id, content: text }],
    sent: (ack) => ack.success && ack.message._id,
    heard: (me, place, author) => [
      place.pair ? (author === me.id ? "messageSent" : "privateMessage") : "groupMessage",
      (p) => ({ id: p._id, text: p.content, place: p.group ?? place.id, author: p.sender._id }),
    ],
    echo: true,
    typing: (me, place, on) => [
      on ? "startTyping" : "stopTyping",
      place.pair ? { recipientId: place.pair.find((id) => id !== me.id) } : { groupId: place.id },
    ],
    typed: (on, place) => [on ? "typingStarted" : "typingStopped", (p) => ({ place: p.group ?? place.id, user: p.userId })],
    read: (place, id) => ["readMessages", { messageIds: [id] }],
    wasRead: () => ["messagesSeen", (p) => ({ ids: p.messageIds, user: p.userId })],
    edit: (id, text) => ["updateMessage", { messageId: id, content: text }],
    edited: () => ["messageUpdated", (p) => ({ id: p._id, text: p.content })],
    remove: (id) => ["removeMessage", { messageId: id }],
    removed: () => ["messageRemoved", (p) => ({ id: p._id })],
    presence: (online) => [online ? "userOnline" : "userOffline", (p) => p],
  },
  rooms: {
    send: (me, place, text) => ["send_message", { roomId: place.id, userId: me.id, content: text }],
    sent: (ack) => ack.ok && ack.message.id,
    heard: () => ["message_received", (p) => ({ id: p.id, text: p.content, place: p.roomId, author: p.userId })],
    echo: true,
    typing: (me, place, on) => ["typing", { roomId: place.id, userId: me.id, isTyping: on }],
    typed: (on) => ["user_typing", (p) => p.isTyping === on && { place: p.roomId, user: p.userId }],
    read: (place, id) => ["read_messages", { roomId: place.id, messageIds: [id] }],
    wasRead: () => ["messages_seen", (p) => ({ ids: p.messageIds, user: p.userId })],
    edit: (id, text) => ["update_message", { messageId: id, content: text }],
    edited: () => ["message_updated", (p) => ({ id: p.id, text: p.content })],
    remove: (id) => ["remove_message", { messageId: id }],
    removed: () => ["message_removed", (p) => ({ id: p.id })],
    presence: (online) => [online ? "user_joined" : "user_left", (p) => p.userId],
  },
  conversations: {
    send: (me, place, text) => ["send_message", { conversationId: place.id, content: text, type: "text" }],
    sent: (ack) => ack.success && ack.message._id,
    heard: () => ["receive_message", (p) => ({ id: p.message._id, text: p.message.content, place: p.conversationId, author: p.message.sender._id })],
    echo: true,
    typing: (me, place, on) => ["typing", { conversationId: place.id, isTyping: on }],
    typed: (on) => ["typing_status", (p) => p.isTyping === on && { place: p.conversationId, user: p.userId }],
    read: (place, id) => ["mark_read", { conversationId: place.id, messageIds: [id] }],
    wasRead: () => ["messages_read", (p) => ({ ids: p.messageIds, user: p.readBy })],
    edit: (id, text) => ["edit_message", { messageId: id, newContent: text }],
    edited: () => ["message_edited", (p) => ({ id: p.messageId, text: p.newContent })],
    remove: (id) => ["delete_message", { messageId: id }],
    removed: () => ["message_deleted", (p) => ({ id: p.messageId })],
    presence: (online) => [online ? "user_online" : "user_offline", (p) => p.userId],
  },
  chat: {
    send: (me, place, text) => ["message:send", { chatId: place.id, content: text, messageType: "text" }],
    sent: (ack) => ack.success && ack.message.id,
    heard: () => ["message:new", (p) => ({ id: p.id, text: p.content, place: p.chat_id, author: p.sender_id })],
    echo: true,
    typing: (me, place, on) => [on ? "typing:start" : "typing:stop", { chatId: place.id }],
    typed: (on) => [on ? "typing:start" : "typing:stop", (p) => ({ place: p.chatId, user: p.userId })],
    read: (place, id) => ["message:read", { chatId: place.id, messageId: id }],
    wasRead: () => ["message:read", (p) => ({ ids: p.messageIds, user: p.userId })],
    edit: (id, text) => ["message:edit", { messageId: id, content: text }],
    edited: () => ["message:edited", (p) => ({ id: p.id, text: p.content })],
    remove: (id) => ["message:delete", { messageId: id }],
    removed: () => ["message:deleted", (p) => ({ id: p.messageId })],
    presence: (online) => ["user:status", (p) => p.status === (online ? "online" : "offline") && p.userId],
  },
};

export const NAMES = Object.keys(DIALECTS);
