// Quipu's widget: <quipu-chat></quipu-chat> asks Quipu from any site that its operator has allowed.
//
//   <script src="https://quipu.example/widget.js" defer></script>
//   <quipu-chat></quipu-chat>
//
// Attributes: inline, heading, opening, lang (en, es), theme (light, dark, auto), documents (ids), token-url.
// From a script: element.getToken = async () => "…", element.open(), element.close(), element.ask("…").
// Colours and type: --quipu-accent and the others that `.root` names below; --quipu-height (inline), --quipu-z (floating).
// All text is inserted as text, never as HTML. No styles cross the shadow root, in either direction.
(() => {
  "use strict";
  if (customElements.get("quipu-chat")) return; // the script was loaded twice
  const BASE = new URL(".", document.currentScript.src);
  const WORDS = QUIPU_WORDS; // put in by ui/web/widget.py

  const REMEMBERED = 20; // earlier questions that a follow-up may refer to
  const PATIENCE = 60_000; // milliseconds to wait for an answer
  const MARGIN = 20_000; // milliseconds before it expires that a token is renewed
  const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;

  const STATUSES = {
    answered: "status_answered",
    partly: "status_partly",
    unsure: "status_unsure",
    not_in_documents: "status_not_in_documents",
  };

  const STYLE = new CSSStyleSheet(); // no <style>: the host's Content-Security-Policy may forbid it
  STYLE.replaceSync(QUIPU_STYLE);

  const ICONS = {
    quipu: "M3 5h18M7 5v13M12 5v15M17 5v11M6 10h2M6 14h2M11 9h2M11 13h2M11 17h2M16 11h2",
    close: "M6 6l12 12M18 6L6 18",
    fresh: "M12 5v14M5 12h14",
    back: "M19 12H5M11 6l-6 6 6 6",
    next: "M5 12h14M13 6l6 6-6 6",
  };

  /** A problem, in a sentence for the reader; `signIn` says that signing in on Quipu's own page can help. */
  class Trouble extends Error {
    constructor(sentence, signIn = false) {
      super(sentence);
      this.signIn = signIn;
    }
  }

  /** Make an element with attributes (`on...` are listeners) and children (elements or text). Nulls are left out. */
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== null) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  const line = (kind, text) => make("p", { class: kind, dir: "auto" }, text);

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  /** Make a button with an icon; `nameButton` gives it its name. */
  const iconButton = (sign, onclick) => make("button", { type: "button", class: "icon", onclick }, icon(sign));

  function nameButton(button, words) {
    button.setAttribute("aria-label", words);
    button.title = words;
  }

  /** Return the sentence for `key` with its placeholders filled in. */
  const say = (language, key, values = {}) => WORDS[language][key].replace(/\{(\w+)\}/g, (_, value) => values[value]);

  /** Return the language of a tag, if it is one that the widget speaks. */
  const known = (tag) => Object.keys(WORDS).find((code) => code === (tag ?? "").slice(0, 2).toLowerCase());

  /** Return where a citation stands in its document; the same as `within` in ui/wording/places.py. */
  function within({ heading_path: headings, label, ocr, page_kind: kind, page_label: name, source }, language) {
    const path = headings.filter((heading) => kind !== "sheet" || heading !== name).join(" › ");
    return [path, label, ocr && say(language, "place_by_ocr")].filter(Boolean).join(" · ") || source;
  }

  /** Make a table in a box of its own, which scrolls if the table is wide. */
  function tabled(language, ...rows) {
    const lines = rows.map((cells) => make("tr", {}, ...cells));
    const box = { class: "tabled", role: "group", tabindex: "0", "aria-label": say(language, "table_label") };
    return make("div", box, make("table", {}, ...lines));
  }

  /** Scroll the answer itself into view within a table's box. */
  function reveal(box) {
    const words = box.querySelector("strong")?.getBoundingClientRect();
    const { left, top } = box.getBoundingClientRect();
    if (words) box.scrollBy(words.right - left - box.clientWidth / 2, words.bottom - top - box.clientHeight / 2);
  }

  /** Make the cells of a row, with its number and the blanks in between; `inside` makes a cell's content from its pieces. */
  function cellsOf({ number, names_columns: names, cells }, inside) {
    const made = number === null ? [] : [make("td", { class: "number" }, number)];
    let next = 0;
    for (const { column, span, pieces } of cells) {
      if (column > next) made.push(make("td", { colspan: column - next }));
      made.push(make(names ? "th" : "td", { dir: "auto", colspan: span }, ...inside(pieces)));
      next = column + span;
    }
    return made;
  }

  /** Mark a range of a text. The range counts code points from `place` before the text. */
  function marked(text, span, place = 0) {
    const letters = [...text];
    const piece = (start, end) => letters.slice(start, end).join("");
    const [start, end] = (span ?? [0, 0]).map((at) => Math.min(Math.max(at - place, 0), letters.length));
    return start < end ? [piece(0, start), make("strong", {}, piece(start, end)), piece(end)] : [text];
  }

  /** Return the milliseconds for which a token just signed can be used; if it doesn't say, a 401 will. */
  function lifetime(token) {
    try {
      const { iat, exp } = JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")));
      return (exp - iat) * 1000 - MARGIN || Infinity;
    } catch {
      return Infinity;
    }
  }

  class QuipuChat extends HTMLElement {
    static observedAttributes = ["heading", "inline", "lang", "opening", "token-url"];

    #parts = null; // the elements, by name
    #asked = []; // the questions so far
    #busy = false;
    #language = "en";
    #token = "";
    #until = 0; // when to renew the token
    #shown = null; // the citation that is shown, the others of its answer, and the button that opened it

    connectedCallback() {
      if (!this.#parts) this.#build();
      this.#dress();
    }

    attributeChangedCallback(attribute) {
      if (attribute === "token-url") this.#until = 0;
      if (this.#parts) this.#dress();
    }

    /** Show the panel, and focus its text box. */
    open() {
      this.#show(true);
      this.#parts.box.focus({ preventScroll: true });
    }

    /** Hide the panel, and focus the launcher. */
    close() {
      if (this.hasAttribute("inline")) return;
      this.#closeSource();
      this.#show(false);
      this.#parts.launcher.focus({ preventScroll: true });
    }

    /** Ask a question, as if it had been typed. */
    async ask(question) {
      const text = question.trim();
      if (!text || this.#busy) return;
      this.#closeSource();
      this.#setBusy(true);
      this.#show(true);
      const { log, box } = this.#parts;
      const waiting = make("p", { class: "waiting" }, this.#say("widget_looking"));
      const turn = make("article", { class: "turn" }, make("h3", { dir: "auto" }, text), waiting);
      log.append(turn);
      log.scrollTop = turn.offsetTop;
      const documents = (this.getAttribute("documents") ?? "").split(/[\s,]+/).filter(Boolean);
      const body = { question: text, history: this.#asked.slice(-REMEMBERED), documents: documents.length ? documents : null };
      try {
        const answer = await this.#call("api/ask", body);
        this.#asked.push(text);
        waiting.replaceWith(this.#answer(answer));
        turn.querySelectorAll(".tabled").forEach(reveal);
        this.#parts.fresh.hidden = false;
      } catch (trouble) {
        waiting.replaceWith(this.#failure(trouble));
        box.value ||= text; // so that it needn't be typed again
      } finally {
        this.#setBusy(false);
      }
      log.scrollTop = turn.offsetTop - 12;
    }

    // ---- What it is made of -----------------------------------------------------------------------------------------------------

    #build() {
      const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [STYLE];
      const parts = (this.#parts = {
        launcher: make(
          "button",
          { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-controls": "panel", "aria-expanded": "false" },
          icon("quipu"),
          make("span"),
        ),
        heading: make("h2", { id: "heading", dir: "auto" }),
        fresh: iconButton("fresh", () => this.#forget()),
        close: iconButton("close", () => this.close()),
        opening: make("p", { class: "opening", dir: "auto" }),
        log: make("div", { class: "log", role: "log", "aria-live": "polite", tabindex: "0" }),
        box: make("textarea", { rows: "1", dir: "auto", onkeydown: (event) => this.#typed(event) }),
        send: make("button", { class: "send" }),
        source: make("section", { class: "source", tabindex: "-1", onkeydown: (event) => this.#walk(event) }),
      });
      const form = make("form", { class: "ask" }, parts.box, parts.send);
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#submit();
      });
      parts.launcher.addEventListener("click", () => (parts.panel.hidden ? this.open() : this.close()));
      parts.log.append(parts.opening);
      parts.fresh.hidden = parts.source.hidden = true;
      parts.talk = [make("header", { class: "bar" }, parts.heading, parts.fresh, parts.close), parts.log, form];
      parts.panel = make("section", { id: "panel", class: "panel", "aria-labelledby": "heading" }, ...parts.talk, parts.source);
      parts.panel.addEventListener("keydown", (event) => this.#escape(event));
      parts.panel.hidden = true;
      parts.root = make("div", { class: "root" }, parts.launcher, parts.panel);
      root.append(parts.root);
    }

    /** Apply the language and the attributes. */
    #dress() {
      const { root, launcher, heading, fresh, close, opening, log, box, send, panel } = this.#parts;
      const tags = [this.closest("[lang]")?.lang, document.documentElement.lang, ...navigator.languages];
      this.#language = tags.map(known).find(Boolean) ?? "en";
      root.lang = this.#language;
      const title = this.getAttribute("heading") || this.#say("chat_heading");
      launcher.lastChild.textContent = heading.textContent = title;
      opening.textContent = this.getAttribute("opening") || this.#say("chat_opening");
      nameButton(fresh, this.#say("chat_new"));
      nameButton(close, this.#say("close_panel"));
      log.setAttribute("aria-label", this.#say("chat_log"));
      box.placeholder = this.#say("widget_ask");
      box.setAttribute("aria-label", box.placeholder);
      send.textContent = this.#say("chat_send");
      const inline = this.hasAttribute("inline");
      launcher.hidden = close.hidden = inline;
      panel.setAttribute("role", inline ? "region" : "dialog");
      if (inline) this.#show(true);
      else if (launcher.getAttribute("aria-expanded") === "false") panel.hidden = true;
    }

    #say(key, values) {
      return say(this.#language, key, values);
    }

    #show(shown) {
      const { root, launcher, panel } = this.#parts;
      panel.hidden = !shown;
      root.classList.toggle("opened", shown);
      if (!this.hasAttribute("inline")) launcher.setAttribute("aria-expanded", shown);
    }

    #setBusy(busy) {
      this.#busy = busy;
      this.#parts.send.setAttribute("aria-disabled", busy);
      this.#parts.log.setAttribute("aria-busy", busy);
    }

    // ---- Keys -------------------------------------------------------------------------------------------------------------------

    #typed(event) {
      if (event.key !== "Escape") event.stopPropagation(); // so that the host page's shortcuts don't fire
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    }

    #submit() {
      const { box } = this.#parts;
      if (this.#busy || !box.value.trim()) return;
      const question = box.value;
      box.value = "";
      this.ask(question);
    }

    #escape(event) {
      if (event.key !== "Escape" || event.isComposing) return;
      if (this.#shown) this.#closeSource();
      else if (!this.hasAttribute("inline")) this.close();
      else return;
      event.stopPropagation();
      event.preventDefault();
    }

    #walk(event) {
      const places = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (places) this.#step(places);
    }

    /** A new conversation. */
    #forget() {
      const { log, fresh, box, opening } = this.#parts;
      if (this.#busy) return;
      this.#asked = [];
      log.replaceChildren(opening);
      fresh.hidden = true;
      box.focus();
    }

    // ---- Quipu ------------------------------------------------------------------------------------------------------------------

    get #signsIn() {
      return Boolean(this.getToken) || this.hasAttribute("token-url");
    }

    /** Return the reader's token, a new one if the last was `refused` or is expiring; "" if the page has none. Throws Trouble. */
    async #ticket(refused = false) {
      if (!this.#signsIn) return "";
      if (refused || Date.now() >= this.#until) {
        let token = "";
        try {
          token = await (this.getToken ? this.getToken() : this.#fetchToken());
        } catch (error) {
          console.error(error); // for whoever made the host page
        }
        if (!TOKEN.test(token)) throw new Trouble(this.#say("widget_no_token"));
        this.#token = token;
        this.#until = Date.now() + lifetime(token);
      }
      return this.#token;
    }

    async #fetchToken() {
      const address = new URL(this.getAttribute("token-url"), document.baseURI);
      const response = await fetch(address, { credentials: "same-origin", cache: "no-store" });
      const text = response.ok ? (await response.text()).trim() : "";
      return text.startsWith("{") ? JSON.parse(text).token : text;
    }

    /** Request a path of Quipu, by POST if there is a body, and return its JSON. Throws Trouble. */
    async #call(path, body = null) {
      for (const refused of [false, true]) {
        const token = await this.#ticket(refused);
        let response, value;
        try {
          response = await fetch(new URL(path, BASE), {
            method: body ? "POST" : "GET",
            headers: { ...(body && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }) },
            body: body && JSON.stringify(body),
            credentials: "same-origin",
            signal: AbortSignal.timeout(PATIENCE),
          });
          const text = await response.text();
          value = text && JSON.parse(text);
        } catch (error) {
          throw new Trouble(await this.#unreached(response, error.name === "TimeoutError"));
        }
        if (response.ok) return value;
        if (response.status !== 401) throw new Trouble(this.#refusal(response, value));
        if (!token) throw new Trouble(this.#say("widget_sign_in"), true);
        if (refused) {
          console.error(value?.detail); // for whoever signs the tokens
          throw new Trouble(this.#say("widget_no_token"));
        }
      }
    }

    /** Say why no answer can be read: Quipu is down, doesn't answer pages from here, or a proxy answered in its place. */
    async #unreached(response, late) {
      if (response && !late) return this.#say("widget_failed", { status: response.status });
      const certain = late || BASE.origin === location.origin;
      const script = new URL("widget.js", BASE); // which every page may load
      const there = certain ? null : await fetch(script, { mode: "no-cors", cache: "no-store" }).catch(() => null);
      return this.#say(there ? "widget_unlisted" : "widget_unreachable", { origin: location.origin });
    }

    #refusal({ status, headers }, problem) {
      const { detail, request_id: id } = problem ?? {};
      if (status >= 500 && id && !detail.includes(id)) return `${detail} (${id})`; // by which the log has it
      if (status !== 429) return detail || this.#say("widget_failed", { status });
      return this.#say("widget_wait", { seconds: Number(headers.get("Retry-After")) || 60 });
    }

    // ---- An answer --------------------------------------------------------------------------------------------------------------

    #answer(answer) {
      const language = known(answer.language) ?? "en";
      const { citations, nearest } = answer;
      const parts = [];
      if (STATUSES[answer.status]) parts.push(line("state", say(language, STATUSES[answer.status])));
      if (answer.searched !== answer.question.trim().split(/\s+/).join(" ")) {
        parts.push(line("searched", say(language, "answer_searched", { query: answer.searched })));
      }
      parts.push(...answer.sentences.map((sentence) => this.#sentence(sentence, citations, language)));
      if (answer.explanation) parts.push(line("reason", answer.explanation));
      if (citations.length) parts.push(line("label", say(language, "answer_sources")), this.#sources(citations, language));
      if (nearest.length) {
        const items = nearest.map((citation) => {
          const place = `${citation.title} · ${within(citation, language)}`;
          return make("li", {}, make("q", { dir: "auto" }, citation.text), " ", this.#cite(place, citation, nearest, language));
        });
        const label = say(language, answer.status === "not_in_documents" ? "answer_nearest" : "answer_closest");
        parts.push(line("label", label), make("ul", { class: "nearest" }, ...items));
      }
      if (answer.suggestions.length) {
        const items = answer.suggestions.map((question) => {
          return make("li", {}, make("button", { type: "button", dir: "auto", onclick: () => this.ask(question) }, question));
        });
        parts.push(line("label", say(language, "answer_you_could_ask")), make("ul", {}, ...items));
      }
      if (answer.feedback && answer.status !== "no_question") parts.push(this.#feedback(answer.feedback, language));
      return make("div", { class: `answer ${answer.status}`, lang: language }, ...parts);
    }

    /** Make a sentence with its answer span marked and its citations after it; a table row becomes a small table. */
    #sentence({ text, citations: numbers, answer_span: span }, citations, language) {
      const links = numbers.flatMap((number) => [" ", this.#cite(`[${number}]`, citations[number - 1], citations, language)]);
      const cells = numbers.length === 1 ? citations[numbers[0] - 1].cells : [];
      if (!cells.some(({ name }) => name)) return make("p", { class: "sentence", dir: "auto" }, ...marked(text, span), ...links);
      let place = 0;
      const values = cells.map(({ name, text }) => {
        place += name ? [...name].length + 2 : 0; // as in ui/web/answer_html.py
        const value = make("td", { dir: "auto" }, ...marked(text, span, place));
        place += [...text].length + 3;
        return value;
      });
      const across = cells.length <= 5; // else each cell is beside its name
      const names = cells.map(({ name }) => make("th", { scope: across ? "col" : "row", dir: "auto" }, name));
      const rows = across ? [names, values] : names.map((name, number) => [name, values[number]]);
      return make("div", { class: "sentence" }, tabled(language, ...rows), ...links);
    }

    /** Make the list of an answer's citations, grouped under the titles of their documents. */
    #sources(citations, language) {
      const items = citations.flatMap((citation, number) => {
        const link = this.#cite(`[${citation.number}] ${within(citation, language)}`, citation, citations, language);
        const titled = number === 0 || citation.document_id !== citations[number - 1].document_id;
        return [titled ? make("li", { class: "title", dir: "auto" }, citation.title) : null, make("li", {}, link)];
      });
      return make("ul", { class: "sources" }, ...items);
    }

    /** Make the button that opens a citation; `among` are all of its answer's. */
    #cite(text, citation, among, language) {
      const button = make("button", { type: "button", class: "cite", dir: "auto", "aria-expanded": "false" }, text);
      button.setAttribute("aria-label", `${say(language, "source_heading")}: ${text}`);
      if (citation.ocr) button.title = say(language, "place_by_ocr_note");
      button.addEventListener("click", () => this.#showSource(citation, among, button));
      return button;
    }

    #feedback(id, language) {
      const line = make("p", { class: "feedback" });
      for (const [words, helpful] of [[say(language, "feedback_helpful"), true], [say(language, "feedback_not_helpful"), false]]) {
        const onclick = async () => {
          const noted = make("span", { class: "noted", tabindex: "-1" });
          try {
            await this.#call("api/feedback", { feedback: id, helpful });
            noted.textContent = say(language, "feedback_thanks");
          } catch (trouble) {
            noted.textContent = trouble.message;
          }
          line.replaceChildren(noted);
          noted.focus({ preventScroll: true });
        };
        line.append(make("button", { type: "button", onclick }, words));
      }
      return line;
    }

    #failure(trouble) {
      if (!(trouble instanceof Trouble)) console.error(trouble);
      const sentence = trouble instanceof Trouble ? trouble.message : this.#say("widget_failed", { status: "" });
      const link = make("a", { href: BASE, target: "_blank", rel: "noopener" }, this.#say("widget_open"));
      const onward = trouble.signIn ? [" ", link] : [];
      return make("div", { class: "answer failed" }, make("p", { class: "reason" }, sentence, ...onward));
    }

    // ---- A source ---------------------------------------------------------------------------------------------------------------

    /** Show the citation that is `places` after this one in its answer. */
    #step(places) {
      const { citation, among, opener } = this.#shown;
      const onward = among[among.indexOf(citation) + places];
      if (onward) this.#showSource(onward, among, opener);
    }

    /** Show a citation: its quote at once, and its context when that arrives. */
    async #showSource(citation, among, opener) {
      const { source, talk } = this.#parts;
      this.#shown?.opener.setAttribute("aria-expanded", "false");
      const shown = (this.#shown = { citation, among, opener });
      opener.setAttribute("aria-expanded", "true");
      const at = among.indexOf(citation);
      const previous = iconButton("back", () => this.#step(-1));
      const next = iconButton("next", () => this.#step(1));
      previous.disabled = at === 0;
      next.disabled = at === among.length - 1;
      nameButton(previous, this.#say("source_previous"));
      nameButton(next, this.#say("source_next"));
      const walking = among.length > 1 ? [make("span", { class: "count" }, `${at + 1} / ${among.length}`), previous, next] : [];
      const back = make("button", { type: "button", onclick: () => this.#closeSource() }, this.#say("widget_back"));
      const quote = make("p", { dir: "auto" }, make("mark", {}, citation.text));
      const body = make("div", { class: "body", tabindex: "0", "aria-busy": "true" }, quote);
      source.replaceChildren(
        make("div", { class: "bar" }, back, ...walking),
        make(
          "div",
          { class: "of" },
          line("title", citation.title),
          line("where", within(citation, this.#language)),
          citation.ocr ? line("ocr", this.#say("place_by_ocr_note")) : null,
        ),
        body,
        make("p", { class: "onward" }, this.#link(citation)),
      );
      source.setAttribute("aria-label", this.#say("source_heading"));
      body.setAttribute("aria-label", this.#say("source_heading"));
      body.setAttribute("role", "group");
      source.hidden = false;
      talk.forEach((part) => (part.inert = true));
      source.focus({ preventScroll: true });
      const q = new URL(citation.link, BASE).searchParams.get("q");
      try {
        const place = await this.#call(`api/passages/${citation.document_id}:${citation.start}-${citation.end}?q=${q}`);
        if (this.#shown !== shown) return; // another citation was opened meanwhile
        body.replaceChildren(...this.#context(place.context));
        const mark = body.querySelector("mark")?.getBoundingClientRect();
        const seen = body.getBoundingClientRect();
        if (mark) body.scrollTop += mark.top - seen.top - Math.max(24, (seen.height - mark.height) / 2);
      } catch (trouble) {
        if (this.#shown === shown) body.append(make("p", { class: "lost", role: "status" }, trouble.message));
      }
      body.removeAttribute("aria-busy");
    }

    /** Make the context of a citation: paragraphs, and tables from consecutive rows. */
    #context(context) {
      const inside = (pieces) => pieces.map(({ text, cited }) => (cited ? make("mark", {}, text) : text));
      const shown = [];
      let rows, table;
      const end = () => rows && shown.push(tabled(this.#language, ...rows));
      for (const { heading, pieces, row } of [...context, {}]) {
        if (row?.table !== table) {
          end();
          rows = row && [];
          table = row?.table;
        }
        if (row) rows.push(cellsOf(row, inside));
        else if (pieces) shown.push(make("p", { dir: "auto", class: heading ? "heading" : null }, ...inside(pieces)));
      }
      return shown;
    }

    #closeSource() {
      if (!this.#shown) return;
      const { opener } = this.#shown;
      this.#shown = null;
      this.#parts.source.hidden = true;
      this.#parts.talk.forEach((part) => (part.inert = false));
      opener.setAttribute("aria-expanded", "false");
      opener.focus({ preventScroll: true });
    }

    /** Make the link to the document's own page. */
    #link({ link }) {
      const onclick = (event) => {
        if (!this.#signsIn) return;
        event.preventDefault();
        this.#carry(link);
      };
      const attributes = { class: "button", href: new URL(link, BASE), target: "_blank", rel: "noopener", onclick };
      return make("a", attributes, `${this.#say("source_open_document")} ↗`);
    }

    /** Open a page of Quipu in a new tab, signed in: the token goes in the body of a form, never in an address. */
    async #carry(next) {
      let token = this.#token;
      try {
        if (Date.now() >= this.#until) token = await this.#ticket(); // else at once, while the click allows a new tab
      } catch (trouble) {
        this.#parts.source.querySelector(".body").prepend(make("p", { class: "lost", role: "status" }, trouble.message));
        return;
      }
      const fields = Object.entries({ token, next }).map(([field, value]) => make("input", { type: "hidden", name: field, value }));
      const action = new URL("sign-in/token", BASE);
      const form = make("form", { method: "post", action, target: "_blank", rel: "noopener", hidden: "" }, ...fields);
      this.shadowRoot.append(form);
      form.submit();
      form.remove();
    }
  }

  customElements.define("quipu-chat", QuipuChat);
})();
