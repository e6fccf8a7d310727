// One line that says what has happened, and the one dialog that asks before something does.

let timer = 0;

/** Shows a sentence for a while, and reads it to who cannot see it. */
export function say(text) {
  const line = document.getElementById("status");
  line.classList.toggle("quietly", isOnScreen(document.querySelector("[data-change]")) && text.startsWith(document.querySelector("[data-change]").textContent));
  line.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => line.replaceChildren(), 6000);
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
