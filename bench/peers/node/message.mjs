// A message as clients are sent it, and its delivery to a room.

export function written(id, room, sender, content, at) {
  return {
    id, conversationId: room, sender: { id: sender, username: "user", name: "user", avatar: null }, content,
    type: "TEXT", fileUrl: null, fileName: null, isEdited: false, isDeleted: false, createdAt: at, updatedAt: at,
    readBy: [],
  };
}

export function deliver(io, { message, acknowledge }) {
  io.to(message.conversationId).emit("receive_message", { message, conversationId: message.conversationId });
  acknowledge({ success: true, message });
}
