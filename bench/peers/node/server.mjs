// The official server, as a team would write it for this work: rooms, an acknowledgement, everything in memory.

import { createServer } from "node:http";
import { randomUUID } from "node:crypto";

import { Server } from "socket.io";

const port = Number(process.argv[2]);
const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => {
  const room = socket.handshake.query.room ?? "0";
  socket.join(room);
  socket.on("send_message", ({ content }, acknowledge) => {
    const at = new Date().toISOString();
    const message = {
      id: randomUUID(), conversationId: room, sender: { id: socket.id, username: "user", name: "user", avatar: null },
      content, type: "TEXT", fileUrl: null, fileName: null, isEdited: false, isDeleted: false, createdAt: at,
      updatedAt: at, readBy: [],
    };
    io.to(room).emit("receive_message", { message, conversationId: room });
    acknowledge({ success: true, message });
  });
});

http.listen(port, "127.0.0.1");
