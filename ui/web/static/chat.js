// The chat page's own script: opens citations in a panel beside the chat, and turns links that stand for actions into buttons.
"use strict";

const escape = (text) => text.replace(/[!-/:-@[-`{-~]/g, "\\$&"); // as in ui/web/answer_html.py
const unescape = (markdown) => markdown.replace(/\\([!-/:-@[-`{-~])/g, "$1");

// ---- Buttons -------------------------------------------------------------------------------------------------------------------

const said = document.createElement("p"); // what a screen reader is told
said.setAttribute("role", "status");
said.className = "visually-hidden";

/** Lets the keyboard scroll tables larger than their box, and scrolls the answer itself into view there. */
const sizes = new ResizeObserver((boxes) => {
  for (const { target: box } of boxes) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
    const words = box.querySelector("strong")?.getBoundingClientRect();
    const { left, top } = box.getBoundingClientRect();
    if (words) box.scrollBy(words.right - left - box.clientWidth / 2, words.bottom - top - box.clientHeight / 2);
  }
});

/** Turn the links that stand for actions into buttons: they lead nowhere, and their addresses are not for reading. */
function dress(root) {
  // Gradio labels a message with its content, which is HTML here. It also opens every link in a new tab, which keeps the
  // conversation, but the language is switched in this tab.
  root.querySelectorAll('#chat [data-testid="bot"][aria-label]').forEach((message) => message.removeAttribute("aria-label"));
  root.querySelectorAll('#top a[target][href*="/language/"]').forEach((link) => link.removeAttribute("target"));
  root.querySelectorAll(".tabled").forEach((box) => sizes.observe(box));
  for (const link of root.querySelectorAll('a[href^="#"]')) {
    const [name] = link.getAttribute("href").split(/(?<==)/);
    if (!ACTIONS[name]) continue;
    const value = decodeURIComponent(link.getAttribute("href").slice(name.length));
    const button = document.createElement("button");
    button.type = "button";
    button.className = `action ${name.replace(/[#=]/g, "")}`;
    button.textContent = link.textContent;
    button.addEventListener("click", () => ACTIONS[name](button, value));
    if (name === "#copy=") button.dataset.kept = value;
    link.replaceWith(button);
  }
}

/** Actions by the start of the link's address. Each gets the button that the link became, and the rest of the address. */
const ACTIONS = {
  "#copy=": (button, kept) => copy(unescape(kept), button),
  "#helpful=": (button, id) => judge(button, id, true, ""),
  "#not-helpful=": askWhy,
  "#ask=": (_, question) => ask(question),
  "#export": save,
  "#sign-out": async () => {
    await fetch("sign-out", { method: "POST", redirect: "manual" });
    leaving = true;
    location.reload();
  },
  "#new": () => {
    leaving = true;
    location.assign(location.pathname);
  },
};

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea"); // without a secure connection there is no clipboard
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.dataset.label ??= button.textContent;
  said.textContent = button.textContent = (await words()).copied;
  setTimeout(() => (button.textContent = button.dataset.label), 2000);
}

let known;
// Addresses are relative to the chat page, which may be below a prefix.
const words = () => (known ??= fetch("words").then((response) => response.json()));

function type(text) {
  const box = document.querySelector("#question textarea");
  box.value = text;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

let draft = ""; // what was in the box when a suggestion was asked instead

function ask(question) {
  draft = document.querySelector("#question textarea").value;
  type(question);
  setTimeout(() => document.querySelector("#question .submit-button").click());
}

let answers = 0;

/** Scroll a new question to the top, with its answer below it, and put the draft back into the box. */
function follow() {
  const given = document.querySelectorAll("#chat .bot-row .answer").length;
  if (given > answers) {
    [...document.querySelectorAll("#chat .user-row")].pop()?.scrollIntoView({ block: "start" });
    if (draft) setTimeout(type, 200, draft);
    draft = "";
  }
  answers = given;
}

let leaving = false; // on purpose
addEventListener("beforeunload", (event) => {
  if (answers && !leaving) event.preventDefault(); // the conversation isn't stored anywhere
});

// ---- Feedback ------------------------------------------------------------------------------------------------------------------

async function judge(button, id, helpful, comment) {
  const response = await fetch("api/feedback", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ feedback: id, helpful, comment }),
  });
  const line = document.createElement("span");
  line.className = "noted";
  line.textContent = response.ok ? (await words()).thanks : (await response.json()).detail;
  said.textContent = line.textContent;
  const actions = button.closest(".actions");
  actions.querySelectorAll(".helpful, .not-helpful, form").forEach((done) => done.remove());
  line.tabIndex = -1;
  actions.append(line);
  line.focus();
}

async function askWhy(button, id) {
  const actions = button.closest(".actions");
  const shown = actions.querySelector("form");
  if (shown) return shown.remove();
  const { why_not: why, send_feedback: send } = await words();
  const form = document.createElement("form");
  const box = Object.assign(document.createElement("input"), { type: "text", maxLength: 2000, placeholder: why });
  box.setAttribute("aria-label", why);
  form.append(box, Object.assign(document.createElement("button"), { className: "action", textContent: send }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    judge(button, id, false, box.value);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    form.remove();
    button.focus();
  });
  actions.append(form);
  box.focus();
}

// ---- Save ----------------------------------------------------------------------------------------------------------------------

function save() {
  const parts = ["# Quipu"];
  for (const message of document.querySelectorAll("#chat .message.user, #chat .message.bot")) {
    if (message.classList.contains("user")) {
      parts.push(`## ${escape(message.innerText.trim().replace(/\s+/g, " "))}`);
    } else {
      const kept = message.querySelector("[data-kept]");
      parts.push(kept ? kept.dataset.kept : escape(message.innerText.trim()));
    }
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${parts.join("\n\n")}\n`], { type: "text/markdown" }));
  link.download = "quipu.md";
  link.click();
  URL.revokeObjectURL(link.href);
}

// ---- The source panel ----------------------------------------------------------------------------------------------------------

const panel = document.createElement("aside");
panel.id = "source";
panel.tabIndex = -1;
panel.hidden = true;
let opened = null; // the link of the citation that is shown, or about to be

/** Return the citations of the answer that a link belongs to, in order and without repeats, and the link's index among them. */
function neighbours(link) {
  const seen = new Map();
  for (const other of link.closest(".answer").querySelectorAll("a.cite")) {
    if (!seen.has(other.getAttribute("href"))) seen.set(other.getAttribute("href"), other);
  }
  return { all: [...seen.values()], at: [...seen.keys()].indexOf(link.getAttribute("href")) };
}

/** Show the citation that is `places` after this one. */
function step(places) {
  const { all, at } = neighbours(opened);
  if (all[at + places]) show(all[at + places]);
}

async function show(link) {
  opened = link;
  const address = new URL(link.href);
  const place = `${address.pathname.split("/").pop()}:${address.searchParams.get("start")}-${address.searchParams.get("end")}`;
  panel.setAttribute("aria-busy", "true");
  const response = await fetch(`passages/${place}?q=${address.searchParams.get("q")}`).catch(() => null);
  const html = response?.ok ? await response.text() : null;
  if (opened !== link) return; // another citation was opened meanwhile
  panel.removeAttribute("aria-busy");
  if (html === null) await fail(response);
  else panel.innerHTML = html; // made by the server, which escapes all text
  const { all, at } = neighbours(link);
  panel.querySelector(".count").textContent = `${at + 1} / ${all.length}`;
  for (const [name, places] of [["previous", -1], ["next", 1]]) {
    const button = panel.querySelector(`.${name}`);
    button.disabled = !all[at + places];
    button.addEventListener("click", () => step(places));
  }
  panel.querySelector(".close").addEventListener("click", close);
  panel.querySelector(".copy-link")?.addEventListener("click", (event) => copy(link.href, event.target));
  document.querySelectorAll("a.cite[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
  link.setAttribute("aria-current", "true");
  panel.setAttribute("aria-label", panel.querySelector("h2").textContent);
  panel.hidden = false;
  document.body.classList.add("with-source");
  panel.focus({ preventScroll: true });
  const cited = panel.querySelector("mark, .box");
  cited?.scrollIntoView({ block: "center" });
  cited?.closest(".long")?.scrollIntoView({ block: "center" }); // with its column names
}

/** Say in the panel why a citation can't be shown. */
async function fail(response) {
  const { no_source: lost, close: shut } = await words();
  const sentence = response ? (await response.json().catch(() => ({}))).detail : lost;
  panel.innerHTML = `<div class="bar"><h2></h2><span class="count"></span><button type="button" class="previous">←</button>
    <button type="button" class="next">→</button><button type="button" class="close">✕</button></div>`;
  panel.querySelector("h2").textContent = sentence ?? lost;
  panel.querySelector(".close").setAttribute("aria-label", shut);
}

function close() {
  panel.hidden = true;
  document.body.classList.remove("with-source");
  document.querySelectorAll("a.cite[aria-current]").forEach((link) => link.removeAttribute("aria-current"));
  opened?.focus();
  opened = null;
}

document.addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("#chat a.cite");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    show(link);
  },
  true,
);

document.addEventListener("keydown", (event) => {
  if (panel.hidden || event.target.matches("input, textarea")) return;
  if (event.key === "Escape") close();
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});

document.body.append(panel, said);
// Fetch the words early: once the connection is lost, it is too late.
words().then(({ language }) => (document.documentElement.lang = language));
const look = () => {
  dress(document);
  follow();
};
new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
look();
