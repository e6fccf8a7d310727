// One line that says what has happened, and the one dialog that asks before something does.

let timer = 0;

/** Shows a sentence for a while, and reads it to who cannot see it; `undo` gets a button.
 *
 * Where the page shows the same sentence, nothing covers it, or, with a button, only its `short` beginning. */
export function say(text, { undo, short = text } = {}) {
  const line = document.getElementById("status");
  const change = document.querySelector("[data-change]");
  const isTold = isOnScreen(change) && text.startsWith(change.textContent);
  line.classList.toggle("quietly", isTold && !undo);
  const rest = Object.assign(document.createElement("span"), { textContent: text.slice(short.length) });
  rest.classList.toggle("visually-hidden", isTold);
  line.replaceChildren(text.slice(0, short.length), rest);
  if (undo) line.append(undoButton(line, undo));
  clearTimeout(timer);
  timer = setTimeout(() => line.replaceChildren(), 6000);
}

function undoButton(line, undo) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Undo" });
  button.addEventListener("click", () => {
    line.replaceChildren();
    undo();
  });
  return button;
}

/** Whether a sentence can be read where it stands, so that nothing needs to cover the page. */
function isOnScreen(element) {
  const box = element?.getBoundingClientRect();
  return Boolean(box) && box.top >= 0 && box.bottom <= innerHeight;
}

export const sayError = (error) => say(error.message);

/** Asks; resolves to the text that was typed (or true without a field), or to null. */
export function question(text, { field, value = "", action = "Go on" }) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", "dialog-text");
  const form = document.createElement("form");
  form.method = "dialog";
  form.className = "stack";
  const sentence = document.createElement("p");
  sentence.id = "dialog-text";
  sentence.textContent = text;
  form.append(sentence);
  const input = document.createElement("input");
  if (field) {
    const label = document.createElement("label");
    label.htmlFor = input.id = "dialog-field";
    label.textContent = field;
    Object.assign(input, { value, required: true, maxLength: 500 });
    form.append(label, input);
  }
  const buttons = document.createElement("p");
  buttons.className = "inline";
  const go = Object.assign(document.createElement("button"), { className: "primary", value: "yes", textContent: action });
  const stop = Object.assign(document.createElement("button"), {
    value: "no", textContent: "Cancel", formNoValidate: true,
  });
  buttons.append(go, stop);
  form.append(buttons);
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? (field ? input.value : true) : null);
    });
  });
}
