// The owner's actions: which version of the model is active.

import { ask, operation } from "./api.js";
import { again } from "./navigation.js";
import { question, say, sayError } from "./status.js";

const PAUSE = 400, LOOKS = 50;
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Waits until this replica answers with a version. */
async function untilServed(model) {
  for (let look = 0; look < LOOKS; look += 1) {
    const listed = await ask(operation("models"));
    if (listed.serving === model) return true;
    await pause(PAUSE);
  }
  return false;
}

const QUESTIONS = {
  Activate: (number) => `Make version ${number} the active one?`,
  Pin: (number) => `Make version ${number} the active one, and keep training from replacing it?`,
  Unpin: (number) => `Let training replace version ${number} again?`,
};
const PINS = { Activate: undefined, Pin: true, Unpin: false };

/** Asks why, and then activates, pins or unpins a version. */
export async function change(action, { model, expected }) {
  const number = model.slice(model.lastIndexOf(":") + 1);
  const reason = await question(QUESTIONS[action](number), { field: "Reason, for who asks later", action });
  if (!reason) return;
  try {
    await ask(operation("active-model"), { method: "PUT", body: { model, expected: expected || null, pin: PINS[action], reason } });
    if (action === "Unpin") {
      await again();
      say(`Version ${number} is active, and training may replace it.`);
      return;
    }
    say(`Version ${number} is active; it is being loaded.`);
    const isServed = await untilServed(model);
    if (location.pathname.startsWith("/owner")) await again();
    say(isServed ? `Version ${number} answers now.` : `Version ${number} is active, but not in service yet.`);
  } catch (error) {
    sayError(error);
  }
}
