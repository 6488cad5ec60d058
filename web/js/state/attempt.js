// Events that the user causes, whose failure is shown.

import { why } from "../api.js";
import { say } from "../socket.js";
import { inWords } from "../texts.js";
import { tell } from "./notices.js";

/** Sends an event, shows why it failed, and returns whether it succeeded. @param {string} event @param {object} payload */
export async function attempt(event, payload) {
  try {
    const answer = await say(event, payload);
    if (!answer.success) tell(inWords(answer.code, answer.message));
    return answer.success === true;
  } catch (error) {
    tell(why(error));
    return false;
  }
}
