// Where htmx cannot finish a step (the sign-in ended, the network failed), the browser takes it as without scripts,
// and what was typed goes with it. A link is opened beside a form in which something is typed.
"use strict";

function isTypedOutside(form) {
  const fields = [...document.querySelectorAll("main input:not([type=hidden]), main textarea")];
  const isTick = (field) => ["checkbox", "radio"].includes(field.type);
  const isChanged = (field) =>
    isTick(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  return fields.some((field) => field.form !== form && isChanged(field));
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

// Parts of a page that renew themselves. What is the same as before is left alone: nobody loses their place in it, and
// nothing is read out again.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  if (target.closest("[data-renewed]")) {
    const fresh = document.createElement("div");
    fresh.append(...[...fragment.childNodes].map((node) => node.cloneNode(true)));
    event.detail.shouldSwap = fresh.innerHTML !== target.innerHTML;
  }
});

// A button pauses such a part (WCAG 2.2.2) until it is pressed again, also after the page was loaded anew.
for (const button of document.querySelectorAll("[data-pauses]")) {
  const renewed = document.getElementById(button.dataset.pauses);
  const said = button.parentElement.querySelector("[role=status] > *");
  const kept = `paused ${window.location.pathname}`;
  const show = (isPaused) => {
    button.setAttribute("aria-pressed", String(isPaused));
    said.hidden = !isPaused;
  };
  const isPaused = () => button.getAttribute("aria-pressed") === "true";
  show(sessionStorage.getItem(kept) !== null);
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    show(!isPaused());
    if (isPaused()) {
      sessionStorage.setItem(kept, "");
      htmx.trigger(renewed, "htmx:abort");
    } else {
      sessionStorage.removeItem(kept);
      htmx.trigger(renewed, "renew");
    }
  });
  renewed.addEventListener("htmx:beforeRequest", (event) => {
    if (isPaused()) event.preventDefault();
  });
}

// Where each part of a page is a form, sending one loses what is typed in another: the browser asks first.
for (const form of document.querySelectorAll("[data-asks-before-losing] form")) {
  form.addEventListener("submit", (event) => {
    const question = form.closest("[data-asks-before-losing]").dataset.asksBeforeLosing;
    if (isTypedOutside(form) && !window.confirm(question)) event.preventDefault();
  });
}

// Where the address names the seat that was saved, the focus is there: what was said is put in anew, so that the live
// region is read out.
window.addEventListener("load", () => {
  const said = document.getElementById("messages");
  if (window.location.hash && said?.hasChildNodes()) {
    said.replaceChildren(...[...said.childNodes].map((node) => node.cloneNode(true)));
  }
});
