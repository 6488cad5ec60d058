// The five dialects, as far as a pane needs them: how each sends a message and how it is received.

/** @typedef {{ id: string, sender: string, text: string, gone?: boolean }} Heard */
/**
 * @typedef {object} Voice
 * @property {string} send the event that sends a message to a group
 * @property {(place: string, text: string, me: string) => Record<string, unknown>} payload builds the payload of that event
 * @property {Record<string, (payload: any) => Heard>} hears the events that deliver or change a message, with functions that read them
 * @property {(place: string, me: string) => [string, unknown]} [typing] the event that reports typing
 */

/** What the id fields of the dialects refer to. @type {Record<string, "place" | "me" | "message" | "other">} */
export const MEANINGS = {
  chatId: "place", groupId: "place", roomId: "place", conversationId: "place", conversationIds: "place",
  userId: "me", senderId: "me", messageId: "message", messageIds: "message", recipientId: "other",
};

/** @type {Record<string, Voice>} */
export const VOICES = {
  meetup: {
    send: "sendMessage",
    payload: (place, text, me) => ({ chatId: place, senderId: me, message: text }),
    hears: {
      receiveMessage: ({ message }) => ({ id: message.messageId, sender: message.senderId, text: message.message }),
      messageEdited: ({ messageId, message }) => ({ id: messageId, sender: "", text: message }),
      messageDeleted: ({ messageId }) => ({ id: messageId, sender: "", text: "", gone: true }),
    },
    typing: (place, me) => ["userTyping", { chatId: place, userId: me }],
  },
  messenger: {
    send: "groupMessage",
    payload: (place, text) => ({ groupId: place, content: text }),
    hears: {
      groupMessage: ({ _id, sender, content }) => ({ id: _id, sender: sender._id ?? sender.id, text: content }),
      messageUpdated: ({ _id, sender, content }) => ({ id: _id, sender: sender._id ?? sender.id, text: content }),
      messageRemoved: ({ _id }) => ({ id: _id, sender: "", text: "", gone: true }),
    },
    typing: (place) => ["startTyping", { groupId: place }],
  },
  rooms: {
    send: "send_message",
    payload: (place, text, me) => ({ roomId: place, userId: me, content: text }),
    hears: {
      message_received: ({ id, userId, content }) => ({ id, sender: userId, text: content }),
      message_updated: ({ id, content }) => ({ id, sender: "", text: content }),
      message_removed: ({ id }) => ({ id, sender: "", text: "", gone: true }),
    },
    typing: (place, me) => ["typing", { roomId: place, userId: me, isTyping: true }],
  },
  conversations: {
    send: "send_message",
    payload: (place, text) => ({ conversationId: place, content: text }),
    hears: {
      receive_message: ({ message }) => ({ id: message.id, sender: message.sender._id ?? message.sender.id, text: message.content }),
      message_edited: ({ messageId, newContent }) => ({ id: messageId, sender: "", text: newContent }),
      message_deleted: ({ messageId }) => ({ id: messageId, sender: "", text: "", gone: true }),
    },
    typing: (place) => ["typing", { conversationId: place, isTyping: true }],
  },
  chat: {
    send: "message:send",
    payload: (place, text) => ({ chatId: place, content: text }),
    hears: {
      "message:new": ({ id, sender_id: sender, content }) => ({ id, sender, text: content }),
      "message:edited": ({ id, sender_id: sender, content }) => ({ id, sender, text: content }),
      "message:deleted": ({ messageId }) => ({ id: messageId, sender: "", text: "", gone: true }),
    },
    typing: (place) => ["typing:start", { chatId: place }],
  },
};

export const DIALECTS = Object.keys(VOICES);

/** The message id in an acknowledgement. @param {any} answer @returns {string} */
export function idIn(answer) {
  const message = answer?.message ?? {};
  return answer?.messageId ?? message.messageId ?? message.id ?? message._id ?? answer?.id ?? "";
}

/** Whether an acknowledgement reports success. @param {any} answer */
export function wentWell(answer) {
  return answer?.success === true || answer?.ok === true || answer?.status === "success" || (answer?.status !== "error" && !answer?.code && idIn(answer) !== "");
}

/**
 * Returns the code of a client that connects and sends an event.
 * @param {string} dialect @param {string} event @param {unknown} payload
 */
export function codeFor(dialect, event, payload) {
  const hears = Object.keys(VOICES[dialect]?.hears ?? {})[0];
  const said = JSON.stringify(payload, null, 2);
  return `import { io } from "socket.io-client";

// npm install socket.io-client; get the token from POST ${location.origin}/api/v1/auth/login
const socket = io("${location.origin}", { auth: { token, dialect: "${dialect}" } });

socket.on("${hears}", (message) => console.log(message));
socket.emit("${event}", ${said}, (answer) => console.log(answer));
`;
}
