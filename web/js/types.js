// Types of the API's responses, with the fields that the page uses.

/**
 * @typedef {{ id: string, username: string, name: string, avatar: string | null, online?: boolean,
 *   lastSeen?: string | null, email?: string | null, guest?: boolean, service?: boolean }} User
 * @typedef {{ url: string, name: string | null }} FileLink
 * @typedef {{ emoji: string, count: number, userIds: string[], mine?: boolean | undefined }} Reaction
 * @typedef {{ id: string, sender: { id: string, username: string }, content: string, type: string, deleted?: boolean }} Quote
 * @typedef {{ url: string, name?: string | null, mime?: string, size?: number, width?: number, height?: number }} AttachedFile
 * @typedef {{ count: number, lastAt?: string, lastSenderIds?: string[] }} Thread
 * @typedef {{ id: string, conversationId: string, sequence: number, sender: User, type: string,
 *   content: string, file: FileLink | null, clientMessageId: string | null, createdAt: string,
 *   editedAt: string | null, deletedAt: string | null, files?: AttachedFile[] | undefined, replyTo?: Quote | undefined,
 *   threadId?: string | undefined, thread?: Thread | undefined,
 *   mentions?: { id: string, username: string }[] | undefined, mentionAll?: boolean | undefined, reactions?: Reaction[] | undefined,
 *   pinned?: { by: string, at: string } | undefined, metadata?: { forwarded?: unknown } | undefined }} Message
 * @typedef {{ muted?: boolean | string, pinned?: boolean, archived?: boolean, notify?: "all" | "mentions" | "none",
 *   markedUnread?: boolean }} Settings
 * @typedef {{ user: User, role: "owner" | "admin" | "member", joinedAt: string, readSequence: number, deliveredSequence?: number }} Member
 * @typedef {{ id: string, kind: "direct" | "group" | "room" | "meetup", name: string | null, open: boolean,
 *   ownerId: string | null, members: Member[], memberCount?: number, lastMessage: Message | null, unreadCount: number, sequence: number, settings?: Settings,
 *   createdAt: string, updatedAt: string, moderation?: Moderation, picture?: string, metadata?: Record<string, any> }} Conversation
 * @typedef {{ slowModeS: number, onlyAdminsWrite: boolean, silencedUntil?: string }} Moderation
 * @typedef {{ id: string, type: "message" | "group", from: User, conversation: { id: string, kind: string, name: string | null },
 *   message: Message | null, createdAt: string }} ContactRequest
 * @typedef {{ id: string, code?: string, madeBy: User | null, createdAt: string, expiresAt: string | null, usesMax: number | null, uses: number,
 *   revokedAt: string | null, conversations: { id: string }[] }} Invitation
 * @typedef {{ user: User, until: string | null, reason: string | null, by: string, at: string }} Restriction
 * @typedef {{ id: string, kind: string, name: string | null, description: string | null, memberCount: number,
 *   isMember: boolean, picture?: string, metadata?: Record<string, any> }} Room
 * @typedef {{ user: User, createdAt: string }} Request
 * @typedef {{ id: string, chatId: string, host: User, activity: string, location: string, startsAt: string,
 *   expiresAt: string, capacity: number | null, status: "open" | "confirmed" | "cancelled" | "completed" | "expired",
 *   participants: User[], requests: Request[] }} Meetup
 * @typedef {{ id: string, title: string, message: string, timestamp: string, readAt: string | null }} Notice
 * @typedef {{ token: string, expiresAt: string, user: User }} Session
 * @typedef {{ id: string, url: string, name: string | null, mime: string, size: number, width: number | null, height: number | null }} Upload
 */

export {};
