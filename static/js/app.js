// Small comforts on top of pages that work without them.
"use strict";

const LIVE_EVERY = 10_000; // milliseconds

// Live parts refresh while somebody looks, and at once when somebody looks again.
function refresh() {
  if (document.visibilityState === "visible") {
    document.body.dispatchEvent(new CustomEvent("live-refresh"));
  }
}
setInterval(refresh, LIVE_EVERY);
document.addEventListener("visibilitychange", refresh);

// "Updated 12 s ago": counted here since the last answer, also where that was "nothing changed".
let answeredAt = Date.now();
function countUp() {
  const seconds = Math.round((Date.now() - answeredAt) / 1000);
  const span = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
  for (const stamp of document.querySelectorAll("[data-updated]")) {
    stamp.textContent = stamp.dataset.updated.replace("#", span);
  }
}
setInterval(countUp, 1000);
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.successful) answeredAt = Date.now();
});

// A table that fits needs no scroll bar of its own, and then its header can stick to the window.
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const fits = target.scrollWidth <= target.clientWidth;
    target.classList.toggle("fits", fits);
    if (!fits) target.tabIndex = 0; // what scrolls can be reached by keyboard
  }
});
function watchTables() {
  for (const box of document.querySelectorAll(".table-box:not(.tall)")) watcher.observe(box);
}
watchTables();
document.addEventListener("htmx:afterSettle", watchTables);

// A refresh must not shut a menu that was opened, nor wipe a chart's drawing.
if (window.Idiomorph) {
  const kept = { CANVAS: ["width", "height", "style"], DETAILS: ["open"] };
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    !kept[node.tagName]?.includes(name) && !(name === "class" && node.matches(".table-box"));
}

// Say so when the server is away, and do not put another page (the sign-in) into a live part.
function connectionLost(lost) {
  const note = document.querySelector("[data-till-lost]") || document.getElementById("connection-lost");
  if (note) note.hidden = !lost;
}
document.addEventListener("htmx:sendError", () => connectionLost(true));
document.addEventListener("htmx:timeout", () => connectionLost(true));
document.addEventListener("htmx:responseError", () => connectionLost(true));
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  const asked = new URL(requestConfig.path, location.href).pathname;
  let isOurs = xhr.status < 400;
  if (requestConfig.verb === "post") {
    // the page that says why nothing was done, but not what a proxy says: the form would be gone
    isOurs = xhr.status < 500 && xhr.responseText.includes('id="main"');
    event.detail.shouldSwap = isOurs;
    event.detail.isError = !isOurs;
  }
  if (isOurs) connectionLost(false);
  if (new URL(xhr.responseURL, location.href).pathname !== asked) {
    event.detail.shouldSwap = false;
    location.reload();
  }
});

// data-confirm="what will happen": asked in a dialog before the form is sent or the link followed.
function ask(text, label, proceed) {
  const dialog = document.getElementById("confirm");
  const yes = dialog.querySelector("[value=yes]");
  dialog.querySelector("p").textContent = text;
  yes.textContent = label || yes.dataset.default;
  dialog.returnValue = "no";
  dialog.onclose = () => dialog.returnValue === "yes" && proceed();
  dialog.showModal();
}
document.addEventListener("click", (event) => {
  const trigger = event.target.closest("[data-confirm]");
  if (!trigger || trigger.dataset.confirmed || !document.getElementById("confirm")) return;
  if (trigger.form && !trigger.form.reportValidity()) return event.preventDefault();
  event.preventDefault();
  ask(trigger.dataset.confirm, trigger.dataset.confirmLabel, () => {
    trigger.dataset.confirmed = "yes";
    trigger.click();
    delete trigger.dataset.confirmed;
  });
});
document.addEventListener("htmx:confirm", (event) => {
  if (!event.detail.question) return;
  event.preventDefault();
  ask(event.detail.question, "", () => event.detail.issueRequest(true));
});

// data-copy="text": also where the page came by plain http and the clipboard is closed to scripts.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await copy(button.dataset.copy);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 2000);
});

// data-reveal="id of a password field"
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
});

// Menus close by a click elsewhere and by Escape.
function closeMenus(event) {
  for (const menu of document.querySelectorAll("details[data-closes][open]")) {
    if (event.key === "Escape") {
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    } else if (!event.key && !menu.contains(event.target)) menu.open = false;
  }
}
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", (event) => event.key === "Escape" && closeMenus(event));

// data-fold-narrow: open where there is room, folded on a phone
if (window.matchMedia("(max-width: 40rem)").matches) {
  for (const fold of document.querySelectorAll("details[data-fold-narrow]")) fold.open = false;
}

// data-own-zone: a time zone that nobody has typed yet is the browser's own
for (const field of document.querySelectorAll("input[data-own-zone]")) {
  field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// What was typed outlives being signed out: kept here while the sign-in comes in between, and put
// back for the same person where the address ends on #typed. Passwords and files are never kept.
const TYPED = "typed";
const ONCE = ["key", "form_id", "closing_id"]; // what makes a form that is sent twice one
const { user } = document.body.dataset; // nobody at the sign-in and its like
function typedBefore() {
  if (!user) return null;
  const kept = JSON.parse(sessionStorage.getItem(TYPED));
  sessionStorage.removeItem(TYPED);
  return location.hash === "#typed" && kept?.user === user ? kept : null;
}
function putBack({ action, fields }) {
  const posts = document.querySelectorAll("form[method=post]");
  const form = [...posts].find((each) => each.getAttribute("action") === action);
  for (const field of form?.elements ?? []) {
    if (!field.name || field.type === "submit") continue;
    if (field.type === "hidden" && !ONCE.includes(field.name)) continue;
    const values = fields.filter(([name]) => name === field.name).map(([, value]) => value);
    if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
    if (values[0]) field.closest("details")?.setAttribute("open", "");
  }
}
const UNKEPT = "[type=password], [type=file], [data-reveal]"; // a password in sight is a text
document.addEventListener("submit", ({ target }) => {
  if (!user || !target.matches("form[method=post]") || target.querySelector(UNKEPT)) return;
  const fields = [...new FormData(target)].filter(([name]) => name !== "csrf_token");
  const kept = { user, action: target.getAttribute("action"), fields };
  sessionStorage.setItem(TYPED, JSON.stringify(kept));
});
const typed = typedBefore();
if (typed) putBack(typed);
if (location.hash === "#typed") history.replaceState(null, "", location.pathname + location.search);

// data-print: this page on paper
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
