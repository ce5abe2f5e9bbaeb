// Where htmx cannot finish a step (the sign-in ended, the network failed), the browser takes it as without scripts,
// and what was typed goes with it. A link is opened beside a form in which something is typed.
"use strict";

function isTypedOutside(form) {
  const fields = [...document.querySelectorAll("main input:not([type=hidden]), main textarea")];
  return fields.some((field) => field.form !== form && field.value !== field.defaultValue);
}

function takeOver(event) {
  const element = event.detail.elt;
  if (element instanceof HTMLFormElement) {
    const submitter = event.detail.requestConfig?.triggeringEvent?.submitter;
    if (submitter?.name) {
      const pressed = document.createElement("input");
      pressed.type = "hidden";
      pressed.name = submitter.name;
      pressed.value = submitter.value;
      element.append(pressed);
    }
    element.submit();
  } else if (element instanceof HTMLAnchorElement) {
    if (!isTypedOutside(element.closest("form")) || !window.open(element.href)) {
      window.location.assign(element.href);
    }
  }
}

for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, takeOver);
}
