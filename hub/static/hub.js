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
  const say = form.querySelector("[data-choose-count]");
  const show = () => {
    const count = boxes.filter((box) => box.checked).length;
    for (const box of boxes) box.closest("tr")?.classList.toggle("is-chosen", box.checked);
    if (say) say.textContent = `${count} chosen`;
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

// Drafts save themselves while a person types: <form data-draft="address"> with <p data-draft-said> for the words.
// The address answers with JSON, {"said": "Draft saved at 1:26pm."}. Without one nothing is sent: fetch("") would post
// to the page itself, and do the action.
const WAIT = 2000;
for (const form of document.querySelectorAll('form[data-draft]:not([data-draft=""])')) {
  const said = form.querySelector("[data-draft-said]");
  let timer = 0;
  let under_way = new AbortController();
  const save = async () => {
    under_way.abort();
    under_way = new AbortController();
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, credentials: "same-origin",
        signal: under_way.signal,
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (said) said.textContent = told.said;
    } catch (problem) {
      if (said && problem.name !== "AbortError") said.textContent = "The draft could not be saved just now. Keep this page open: what you typed is still here.";
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    under_way.abort();
  });
}

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
