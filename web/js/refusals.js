// What the page says for sentences of the server that its error codes alone do not tell apart.

/** @typedef {import("./texts.js").TextName} TextName */

/**
 * The beginnings of sentences, the text of the page, and what the parts in brackets are: `when` is a moment.
 * @type {[RegExp, TextName, string[]][]}
 */
export const SENTENCES = [
  [/^You cannot write to this user\./, "errorCannotWrite", []],
  [/^You are silenced in this conversation until (\S+?)\.?$/, "youAreSilenced", ["when"]],
  [/^Only its owner and admins write/, "onlyAdminsHere", []],
  [/^This conversation is in slow mode: .* in (\d+) s/, "errorSlowMode", ["count"]],
  [/^The message has `(.+)`, which is not allowed/s, "errorWord", ["word"]],
  [/^Your first message waits/, "errorFirstWaits", []],
  [/^You can only begin to write to people/, "errorStranger", []],
  [/^You can only add people/, "errorStrangers", []],
  [/^You cannot add all of these users/, "errorCannotAdd", []],
  [/^You can (?:add|begin to write to) at most (\d+) people a day/, "errorEnoughPeople", ["count"]],
  [/^You cannot meet this user/, "errorCannotMeet", []],
  [/^The current password is wrong/, "errorCurrentPassword", []],
  [/^This account has no password/, "errorNoPassword", []],
  [/^Services cannot be blocked/, "errorBlockService", []],
  [/^A service can be neither/, "errorRank", []],
  [/^Guests cannot be blocked/, "errorBlockGuest", []],
  [/^The owner of a conversation can be neither/, "errorOwner", []],
  [/^Only (?:somebody|a member) of a lower role/, "errorRank", []],
  [/^The owner's role passes on/, "errorOwnerRole", []],
  [/banned from this conversation until (\S+?)\.?$/, "errorBannedUntil", ["when"]],
  [/banned from this conversation/, "errorBanned", []],
  [/^This invitation/, "invitationGone", []],
  [/^You have (\d+) invitations already/, "errorInvitations", ["count"]],
  [/^Whoever invited you cannot add members/, "errorInviterGone", []],
  [/^(?:User `.*` is|You are) in (\d+) conversations/, "errorConversations", ["count"]],
  [/^Your files have/, "errorQuota", []],
  [/^The username `(.*)`/, "errorUsernameTaken", ["name"]],
  [/^This email address is registered/, "errorEmailTaken", []],
  [/^This meetup is full/, "errorMeetupFull", []],
];
