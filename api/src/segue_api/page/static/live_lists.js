// Lists that follow what the listener does: fetched again, and the difference said in words.

import { again } from "./navigation.js";
import { elementOf } from "./tracks.js";

const LIVE = "[data-live] [data-track]";
const NAMED = 3;

const titles = (elements) => new Map([...elements].map((one) => [one.dataset.id, one.dataset.title]));

function some(names) {
  const shown = names.slice(0, NAMED).map((name) => `“${name}”`);
  const rest = names.length - shown.length;
  if (rest > 0) shown.push(`${rest} more`);
  return shown.length > 1 ? `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}` : shown.join("");
}

/** What differs between two lists, in words. */
export function describe(before, after) {
  const came = [...after].filter(([id]) => !before.has(id)).map(([, name]) => name);
  const gone = [...before].filter(([id]) => !after.has(id)).map(([, name]) => name);
  const first = [...before.keys()], second = [...after.keys()];
  if (came.length || gone.length) {
    const parts = [];
    if (came.length) parts.push(`New: ${some(came)}.`);
    if (gone.length) parts.push(`Gone: ${some(gone)}.`);
    return parts.join(" ");
  }
  return first.join("\n") === second.join("\n") ? "The list stays as it is." : "The same tracks, in another order.";
}

/** Whether the page has lists that follow the listener. */
export const isLive = () => document.querySelector("[data-live]") !== null;

/** Whether they may change by themselves: not while the listener has a menu or a dialog open. */
export const mayRefresh = () => isLive() && document.querySelector("details.menu[open], dialog[open]") === null;

/** Fetches the lists again, marks what came, and returns what changed. */
export async function refresh(cause) {
  const before = titles(document.querySelectorAll(LIVE));
  const open = [...document.querySelectorAll("details.reasons[open]")].map((one) => one.closest("[data-track]")?.dataset.id);
  const focused = document.activeElement?.closest("[data-track]")?.dataset.id;
  const action = document.activeElement?.dataset?.action;
  let change = "";
  await again((fresh) => {
    const rows = [...fresh.querySelectorAll(LIVE)];
    change = `${cause} ${describe(before, titles(rows))}`;
    for (const row of rows) {
      row.classList.toggle("came", !before.has(row.dataset.id));
      if (open.includes(row.dataset.id)) row.querySelector("details.reasons")?.setAttribute("open", "");
    }
    const line = fresh.querySelector("[data-change]");
    if (line) line.textContent = change;
  });
  if (focused) restoreFocus(focused, action);
  return change;
}

function restoreFocus(id, action) {
  const target = (action && elementOf(id)?.querySelector(`[data-action="${action}"]`)) ?? document.getElementById("content");
  target.focus({ preventScroll: true });
}
