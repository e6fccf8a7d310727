// Signing in: with a key that is typed, or with the one in the link that `segue serve` prints.

import { ask } from "./api.js";

async function open(key) {
  await ask("/v1/sign-in", { method: "POST", body: { key } });
  goOn();
}

function goOn() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  const there = new URL(next, location.origin);
  location.replace(there.origin === location.origin ? there.href : "/");
}

export function begin() {
  const form = document.getElementById("sign-in");
  if (!form) return;
  const problem = document.getElementById("sign-in-problem");
  const attempt = (key) => open(key.trim()).catch((error) => { 
    problem.textContent = error.status === 401 ? "This key is not valid, or it was revoked. Did you copy all of it?" : error.message;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.textContent = "";
    attempt(form.elements.key.value);
  });
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given) {
    history.replaceState(null, "", location.pathname + location.search); // the key stays in no history
    attempt(given);
  } else {
    // Who comes by a link of another site has a session, but the browser did not show it.
    fetch("/v1/sign-in").then((answer) => (answer.ok ? goOn() : null)).catch(() => {});
  }
}
