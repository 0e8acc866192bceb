// Makes pages smoother; every page works without it.
import { initButtons, initCharacterCounts, initErrorSummary, initPasswordInputs, initSkipLinks }
  from "./vendor/nhsuk-frontend-10.6.1.min.js";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
for (const start of [initButtons, initCharacterCounts, initErrorSummary, initPasswordInputs, initSkipLinks]) {
  start();
}

// A button that prints the page: <button type="button" class="hub-needs-script" data-print>
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}

// Chosen rows: the number in words, and one box that chooses every row shown.
for (const form of document.querySelectorAll("form[data-choose]")) {
  const boxes = [...form.querySelectorAll("input[type=checkbox][name=choose]")];
  const all = form.querySelector("input[data-choose-all]");
  const every = form.querySelector("input[data-choose-every]"); // the whole list, not only the rows shown; its value says how many
  const say = form.querySelector("[data-choose-count]");
  const show = () => {
    const count = boxes.filter((box) => box.checked).length;
    for (const box of boxes) box.closest("tr")?.classList.toggle("is-chosen", box.checked);
    if (say) say.textContent = every?.checked ? `All ${every.value} chosen` : `${count} chosen`;
    if (all) {
      all.checked = count > 0 && count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    show();
  });
  show();
}

// Drafts save themselves while a person types: <form data-draft="address"> with <p data-draft-said role="status">.
// The address answers with JSON: {"said": "Draft saved at 1:26pm."}; 401 with "sign_in_href" when the session has ended;
// 400 with "csrf_token" when the person has signed in again since the page was opened. Without an address nothing is
// sent: fetch("") would post to the page itself, and do the action.
const WAIT = 2000; // after the last key
const MOST = 5000; // after the first key that is not saved
const AGAIN = 4000; // between two tries
const LARGEST_LEAVING = 60000; // characters a browser still sends for a page that is going away
const clock = new Intl.DateTimeFormat("en-GB", { hour: "numeric", minute: "2-digit", hour12: true, timeZone: "Europe/London" });
const time = (at) => clock.format(at).replace(/\s/g, "").toLowerCase();

function saves_itself(form) {
  const said = form.querySelector("[data-draft-said]");
  let first = 0; // when the first key was pressed that is not saved; 0 when all is saved
  let later = 0; // the same, of the keys pressed while a save is under way
  let timer = 0;
  let trouble = ""; // why the last try failed: connection, session, other
  let has_typed = false;
  let is_sent = false;
  let was_held_back = false; // the button was pressed while there was no connection
  let under_way = null;

  const typed = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const plan = (wait) => { clearTimeout(timer); timer = setTimeout(save, wait); };
  const say = (text, href = "") => {
    if (!said) return;
    const words = document.createTextNode(text);
    const link = document.createElement("a");
    Object.assign(link, { href, target: "_blank", rel: "noopener", textContent: "Sign in again (opens in a new tab)" });
    said.classList.toggle("hub-saved--not", trouble !== "");
    // What is said already is not said again: a screen reader would read it at every try.
    if (said.firstChild?.textContent !== text) said.replaceChildren(...(href ? [words, " ", link] : [words]));
  };
  const not_saved = (why) => say(`Not saved since ${time(first || Date.now())}: ${why} Keep this page open.`);

  async function save(is_leaving = false, has_new_token = false) {
    clearTimeout(timer);
    under_way?.abort();
    const mine = new AbortController();
    under_way = mine;
    later = 0;
    const body = typed();
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin",
        keepalive: is_leaving && body.toString().length < LARGEST_LEAVING, signal: mine.signal,
      });
      const told = await answer.json().catch(() => ({}));
      if (answer.status === 400 && told.csrf_token && !has_new_token) {
        form.elements.csrf_token.value = told.csrf_token;
        return save(is_leaving, true);
      }
      trouble = answer.ok ? "" : answer.status === 401 ? "session" : "other";
      if (answer.ok || told.is_kept) first = later;
      const held_back = answer.ok && was_held_back ? " It is not sent yet: press the button again." : "";
      if (answer.ok) was_held_back = false;
      if (told.said) return say(told.said + held_back, told.sign_in_href);
      not_saved("the hub could not take it just now.");
      plan(AGAIN);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      trouble = "connection";
      not_saved("no connection.");
      plan(AGAIN);
    } finally {
      if (under_way === mine) under_way = null;
    }
  }

  const leave = () => { if (first && !is_sent) save(true); };
  const look_again = () => { if (trouble && has_typed) plan(0); };
  form.addEventListener("input", () => {
    const now = Date.now();
    has_typed = true;
    first ||= now;
    if (under_way) later ||= now;
    plan(Math.max(0, Math.min(WAIT, (under_way ? later : first) + MOST - now)));
  });
  form.addEventListener("submit", (event) => {
    if (navigator.onLine && !(trouble === "connection" && first)) {
      is_sent = true;
      clearTimeout(timer);
      under_way?.abort();
      return;
    }
    event.preventDefault();
    was_held_back = has_typed = true;
    trouble = "connection";
    say("Not sent: no connection. Keep this page open, and press the button again when it is back.");
    plan(AGAIN);
  });
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : look_again()));
  window.addEventListener("focus", look_again);
  window.addEventListener("online", look_again);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", () => { is_sent = false; });
  window.addEventListener("beforeunload", (event) => { if (first && trouble === "connection" && !is_sent) event.preventDefault(); });
}
for (const form of document.querySelectorAll('form[data-draft]:not([data-draft=""])')) saves_itself(form);

// Long work shows how far it is: <div id="x" data-refresh="on"> fetches its page again until it comes back "off".
// Only what stands inside [role=status] is exchanged meanwhile, so that nothing moves under a hand or a screen reader.
const EVERY = 3000;
const slow = document.querySelector('[data-refresh="on"]');
if (slow) {
  const look = async () => {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.getElementById(slow.id);
      if (!now || now.dataset.refresh !== "on") return location.reload();
      const [old, fresh] = [slow, now].map((part) => part.querySelector("[role=status]"));
      if (old && fresh && old.textContent !== fresh.textContent) old.textContent = fresh.textContent;
      const [bar, done] = [slow, now].map((part) => part.querySelector("progress"));
      if (bar && done) bar.value = done.value;
    } catch {
      // The next look may reach the hub again; the page says what it knew last, and its link still works.
    }
    setTimeout(look, EVERY);
  };
  setTimeout(look, EVERY);
}
