// The operator's part of the library page: adds files one at a time, and replaces, limits and removes documents.
"use strict";

const words = document.getElementById("add").dataset;
const uploads = document.getElementById("uploads");
const zone = document.getElementById("drop");
const files = document.getElementById("files");
const replacement = document.getElementById("replacement");
const dialog = document.getElementById("remove");
const limit = document.getElementById("groups"); // null where nobody signs in
const limiting = document.getElementById("limit");
let queue = Promise.resolve();

/** Split a text at its commas into names. */
const names = (text) => (text ?? "").split(",").map((name) => name.trim()).filter(Boolean);

/** Add a line for one file below the drop zone, and return functions that show its progress and its outcome. */
function line(name) {
  const item = document.getElementById("upload").content.firstElementChild.cloneNode(true);
  const bar = item.querySelector("progress");
  const said = item.querySelector(".said");
  item.querySelector(".name").textContent = name;
  bar.setAttribute("aria-label", name);
  uploads.prepend(item);
  return {
    goes(text, done, of) {
      said.textContent = text;
      if (of) {
        bar.max = of;
        bar.value = done;
      } else {
        bar.removeAttribute("value");
      }
    },
    ends(text, failed) {
      said.textContent = text;
      item.classList.toggle("failed", failed);
      bar.remove();
    },
  };
}

/** Return the sentence of a response that reports a problem. */
async function detail(response) {
  return (await response.json()).detail;
}

/** Yield the objects of a response that has a line of JSON for each. */
async function* told(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop();
    for (const text of lines) yield JSON.parse(text);
    if (done) return;
  }
}

/** Send one file, and show the progress. */
async function send(file, replaces, shown) {
  shown.goes(words.sending);
  const query = new URLSearchParams({ name: file.name, ...(replaces && { replaces }) });
  for (const group of names(limit?.value)) query.append("group", group);
  const response = await fetch(`api/documents?${query}`, { method: "POST", body: file });
  if (!response.ok) return shown.ends(await detail(response), true);
  for await (const { state, done, of, message } of told(response)) {
    if (state === "reading") shown.goes(words.reading);
    else if (state === "encoding") shown.goes(words.encoding.replace("{done}", done).replace("{of}", of), done, of);
    else return shown.ends(message, state === "error");
  }
  throw new Error("the response ended early");
}

/** Queue files to be added. */
function add(chosen, replaces) {
  for (const file of chosen) {
    const shown = line(file.name);
    if (file.size > words.largest * 1e6) {
      shown.ends(words.tooLarge, true);
      continue;
    }
    shown.goes(words.waiting);
    queue = queue
      .then(() => send(file, replaces, shown))
      .catch(() => shown.ends(words.lost, true))
      .then(refresh);
  }
}

/** Send a request for a row's document, to its address followed by `below`, and show `done` if it succeeds. */
async function change(row, below, options, done) {
  const shown = line(row.querySelector(".title").innerText.split("\n")[0]);
  try {
    const response = await fetch(`api/documents/${row.dataset.id}${below}`, options);
    shown.ends(response.ok ? done : await detail(response), !response.ok);
  } catch {
    shown.ends(words.lost, true);
  }
  await refresh();
  document.getElementById("library").focus({ preventScroll: true });
}

/** Reload the table, and keep the selected documents selected. */
async function refresh() {
  try {
    const response = await fetch(location.href);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("library");
    const chosen = new Set([...document.querySelectorAll("#library input:checked")].map((box) => box.value));
    for (const box of fresh.querySelectorAll("input[type=checkbox]")) box.checked = chosen.has(box.value);
    document.getElementById("library").replaceWith(document.adoptNode(fresh));
  } catch {
    // The table stays as it is: the file's own line says that the connection was lost.
  }
}

files.addEventListener("change", () => {
  add([...files.files]);
  files.value = "";
});

replacement.addEventListener("change", () => {
  add([...replacement.files], replacement.dataset.id);
  replacement.value = "";
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-do]");
  const row = button?.closest("tr");
  if (button?.dataset.do === "replace") {
    replacement.dataset.id = row.dataset.id;
    replacement.click();
  } else if (button?.dataset.do === "remove") {
    document.getElementById("remove-question").textContent = button.dataset.question;
    dialog.returnValue = "";
    dialog.onclose = () => dialog.returnValue === "remove" && change(row, "", { method: "DELETE" }, words.removed);
    dialog.showModal();
  } else if (button?.dataset.do === "limit") {
    const box = document.getElementById("limit-groups");
    document.getElementById("limit-title").textContent = button.dataset.title;
    box.value = button.dataset.groups;
    limiting.returnValue = "";
    limiting.onclose = () => {
      if (limiting.returnValue !== "limit") return;
      const headers = { "Content-Type": "application/json" };
      change(row, "/groups", { method: "PUT", headers, body: JSON.stringify({ groups: names(box.value) }) }, words.limited);
    };
    limiting.showModal();
  }
});

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault(); // or a file dropped beside the zone would replace the page
  const over = zone.contains(event.target);
  event.dataTransfer.dropEffect = over ? "copy" : "none";
  zone.classList.toggle("over", over);
});

document.addEventListener("dragleave", (event) => {
  if (!zone.contains(event.relatedTarget)) zone.classList.remove("over");
});

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  zone.classList.remove("over");
  if (zone.contains(event.target)) add([...event.dataTransfer.files]);
});
