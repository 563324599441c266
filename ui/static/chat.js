// The chat page's own script: citations open in a panel beside the chat, and what can be done with an answer becomes a button.
"use strict";

const ACTIONS = ["#copy=", "#helpful=", "#not-helpful=", "#ask=", "#new", "#export"];
const fragment = async (address) => {
  const response = await fetch(address).catch(() => null);
  return response?.ok ? response.text() : null;
};

// ---- Buttons -------------------------------------------------------------------------------------------------------------------

const said = document.createElement("p"); // what a screen reader is told
said.setAttribute("role", "status");
said.className = "visually-hidden";

/** Make buttons of the links that stand for actions: they lead nowhere, and their addresses are nothing to be read. */
function dress(root) {
  // Gradio names a message by its content, which here is HTML; and it opens every link in a new tab.
  root.querySelectorAll('#chat [data-testid="bot"][aria-label]').forEach((message) => message.removeAttribute("aria-label"));
  root.querySelectorAll("#top a[target], #about a[target]").forEach((link) => link.removeAttribute("target"));
  for (const link of root.querySelectorAll('a[href^="#"]')) {
    const [name] = link.getAttribute("href").split(/(?<==)/);
    if (!ACTIONS.includes(name)) continue;
    const value = link.getAttribute("href").slice(name.length);
    const button = document.createElement("button");
    button.type = "button";
    button.className = `action ${name.replace(/[#=]/g, "")}`;
    button.textContent = link.textContent;
    button.addEventListener("click", () => act(button, name, decodeURIComponent(value)));
    if (name === "#copy=") button.dataset.kept = decodeURIComponent(value);
    link.replaceWith(button);
  }
}

async function act(button, name, value) {
  if (name === "#copy=") return copy(value.replace(/\\([!-/:-@[-`{-~])/g, "$1"), button);
  if (name === "#helpful=") return judge(button, value, true, "");
  if (name === "#not-helpful=") return askWhy(button, value);
  if (name === "#ask=") return ask(value);
  if (name === "#new") return location.assign(location.pathname);
  return save();
}

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
  const before = button.textContent;
  said.textContent = button.textContent = (await words()).copied;
  setTimeout(() => (button.textContent = before), 2000);
}

let known;
const words = () => (known ??= fetch("/words").then((response) => response.json()));

function ask(question) {
  const box = document.querySelector("#question textarea");
  box.value = question;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => document.querySelector("#question .submit-button").click());
}

// ---- Feedback ------------------------------------------------------------------------------------------------------------------

async function judge(button, id, helpful, comment) {
  const response = await fetch("/api/feedback", {
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
  actions.append(line);
}

async function askWhy(button, id) {
  const actions = button.closest(".actions");
  if (actions.querySelector("form")) return;
  const { why_not: why, send_feedback: send } = await words();
  const form = document.createElement("form");
  const box = Object.assign(document.createElement("input"), { type: "text", maxLength: 2000, placeholder: why });
  box.setAttribute("aria-label", why);
  form.append(box, Object.assign(document.createElement("button"), { className: "action", textContent: send }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    judge(button, id, false, box.value);
  });
  actions.append(form);
  box.focus();
}

// ---- Save ----------------------------------------------------------------------------------------------------------------------

function save() {
  const parts = ["# Quipu"];
  for (const message of document.querySelectorAll("#chat .message.user, #chat .message.bot")) {
    if (message.classList.contains("user")) {
      parts.push(`## ${message.innerText.trim().replace(/\s+/g, " ").replace(/[!-/:-@[-`{-~]/g, "\\$&")}`);
    } else {
      const kept = message.querySelector("[data-kept]");
      parts.push(kept ? kept.dataset.kept : message.innerText.trim().replace(/[!-/:-@[-`{-~]/g, "\\$&"));
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
let opened = null; // the citation that is shown

/** The citations of the answer that a citation is in, each place once, in order. */
function neighbours(link) {
  const seen = new Map();
  for (const other of link.closest(".answer").querySelectorAll("a.cite")) {
    if (!seen.has(other.getAttribute("href"))) seen.set(other.getAttribute("href"), other);
  }
  return [...seen.values()];
}

async function show(link) {
  const address = new URL(link.href);
  const place = `${address.pathname.split("/").pop()}:${address.searchParams.get("start")}-${address.searchParams.get("end")}`;
  const html = await fragment(`/passages/${place}?q=${address.searchParams.get("q")}`);
  if (html === null) return location.assign(link.href); // the document's own page says what happened
  opened = link;
  panel.innerHTML = html; // made by the server, which escapes all text
  const all = neighbours(link);
  const at = all.findIndex((other) => other.getAttribute("href") === link.getAttribute("href"));
  panel.querySelector(".count").textContent = `${at + 1} / ${all.length}`;
  for (const [name, step] of [["previous", -1], ["next", 1]]) {
    const button = panel.querySelector(`.${name}`);
    button.disabled = !all[at + step];
    button.addEventListener("click", () => show(all[at + step]));
  }
  panel.querySelector(".close").addEventListener("click", close);
  panel.querySelector(".copy-link").addEventListener("click", (event) => copy(link.href, event.target));
  document.querySelectorAll("a.cite[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
  link.setAttribute("aria-current", "true");
  panel.setAttribute("aria-label", panel.querySelector("h2").textContent);
  panel.hidden = false;
  document.body.classList.add("with-source");
  panel.focus({ preventScroll: true });
  panel.querySelector("mark, .box")?.scrollIntoView({ block: "center" });
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
  const button = { Escape: ".close", ArrowLeft: ".previous", ArrowRight: ".next" }[event.key];
  if (button) panel.querySelector(button)?.click();
});

document.body.append(panel, said);
words().then(({ language }) => (document.documentElement.lang = language));
new MutationObserver(() => dress(document)).observe(document.body, { childList: true, subtree: true });
dress(document);
