/* Signpost's demo page: a teacher's chat beside the channels of those who are told.
 *
 * The server keeps the record and draws every card; this page shows posts and sends back what
 * people press and type. Three promises shape the code: nothing typed is lost when the line
 * drops, nothing is shown as sent before the server has said so, and text from the server or
 * a person is only ever text (no innerHTML anywhere).
 */

const LONGEST_MESSAGE = 50_000; // characters, as the server counts them
const MOST_ROWS = 6;
const ROOM_ABOVE = 12; // pixels left above a post that is scrolled to
const SAME_REPLY_MS = 1_500; // posts this close together are one reply
const REPLAY_MS = 400; // posts this soon after hello are the record, not news
const SLOW_MS = 6_000;
const DEAD_MS = 15_000;
const STEADY_MS = 5_000;
const RETRY_MS = [300, 800, 1_500, 3_000, 6_000, 10_000];

// ---------------------------------------------------------------------------------------
// Small tools

/** An element with attributes and children; strings become text nodes, never markup. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null && child !== ""));
  return node;
}

const role = (name) => document.querySelector(`[data-role="${name}"]`);

/** Words a person typed: their own direction, cut off from the sentence around them. */
const typed = (tag, words, className) => el(tag, { class: className, dir: "auto" }, words);

const hiddenText = (words) => el("span", { class: "only-heard" }, words);

/** Counts as Python does, so an emoji is one or two and never half of one. */
const countCharacters = (words) => [...words].length;

/** A broken half of a character would be refused further on; a whole stand-in is not. */
const wellFormed = (words) => words.toWellFormed?.() ?? words;

/** Two spellings of the same message: the server trims, and removes control characters. */
const bare = (words) => words.replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n\t]/gu, "").trim();

const ICONS = {
  urgent: "M12 2 1 21h22L12 2zm-1.2 7h2.4v6h-2.4V9zm0 7.6h2.4V19h-2.4v-2.4z",
  alert: "M12 2a2 2 0 0 0-2 2v.6A6 6 0 0 0 6 10.300V15l-2 2.500V19h16v-1.500L18 15v-4.700A6 6 0 0 0 14 4.600V4a2 2 0 0 0-2-2zM9.500 20a2.500 2.500 0 0 0 5 0z",
  done: "M9.200 18.600 3 12.400l2.100-2.100 4.100 4.100L18.900 4.700 21 6.800z",
  failed: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zM7.800 6.400 12 10.600l4.200-4.200 1.400 1.400L13.400 12l4.200 4.200-1.400 1.400-4.200-4.200-4.200 4.200-1.400-1.400 4.200-4.200-4.200-4.200z",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// ---------------------------------------------------------------------------------------
// The small markup of a card's body

/* UK numbers only. A long one starts with 0 and comes in groups of three or more after the
 * code, so that dates and references are left alone; its digits are counted afterwards.
 * 0800 1111 is Childline, the one number in this work that is shorter. */
const NUMBER = new RegExp(
  [
    String.raw`(?<![\w£$€+.,/\-])(?:999|101)(?![\w%]|[.,/\-]\d)`,
    String.raw`(?<![\w£$€+.,/\-])(?:\(0\d{2,4}\)|0\d{2,10})(?:[ \-]?\d{3,8})*(?![\w/]|[ .,\-]\d)`,
  ].join("|"),
  "g",
);

function isDiallable(found) {
  const digits = found.replace(/\D/g, "");
  return ["999", "101", "08001111"].includes(digits) || digits.length === 10 || digits.length === 11;
}

/** Text in which numbers to ring can be rung. */
function withNumbers(text) {
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(NUMBER)) {
    if (!isDiallable(match[0])) continue;
    pieces.push(text.slice(from, match.index));
    pieces.push(el("a", { class: "number", href: `tel:${match[0].replace(/\D/g, "")}` }, match[0]));
    from = match.index + match[0].length;
  }
  pieces.push(text.slice(from));
  return pieces.filter((piece) => piece !== "");
}

function inline(text) {
  return text
    .split(/\*\*(.+?)\*\*/gs)
    .flatMap((piece, index) => (index % 2 ? [el("strong", {}, ...withNumbers(piece))] : withNumbers(piece)));
}

const LINE_KINDS = [
  ["heading", /^##\s+(.*)$/],
  ["step", /^(?:\d+)\.\s+(.*)$/],
  ["point", /^-\s+(.*)$/],
];

function readLine(line) {
  for (const [kind, pattern] of LINE_KINDS) {
    const match = pattern.exec(line);
    if (match) return { kind, text: match[1], number: Number.parseInt(line, 10) };
  }
  return { kind: "words", text: line };
}

/** Adds one item, to the list just above if it carries that list on. */
function addItem(into, tag, { text, number }) {
  let list = into.lastElementChild;
  const carriesOn = list?.tagName === tag.toUpperCase() && (tag === "ul" || number !== 1);
  if (!carriesOn) {
    list = el(tag, { start: tag === "ol" && number > 1 ? number : null });
    into.append(list);
  }
  list.append(el("li", { dir: "auto" }, ...inline(text)));
}

/** A line of plain words: a new paragraph, or more of the paragraph or item it follows. */
function addWords(into, text, startsBlock) {
  const last = into.lastElementChild;
  const holder = last?.matches("ol, ul") ? last.lastElementChild : last?.tagName === "P" ? last : null;
  if (startsBlock || !holder) into.append(el("p", { dir: "auto" }, ...inline(text)));
  else holder.append(el("br"), ...inline(text));
}

function drawBody(text) {
  const body = el("div", { class: "card-body" });
  let startsBlock = true;
  for (const raw of text.replace(/\r\n?/g, "\n").split("\n")) {
    const line = raw.trim();
    if (line === "") {
      startsBlock = true;
      continue;
    }
    const read = readLine(line);
    if (read.kind === "heading") body.append(el("h4", { dir: "auto" }, ...inline(read.text)));
    else if (read.kind === "step") addItem(body, "ol", read);
    else if (read.kind === "point") addItem(body, "ul", read);
    else addWords(body, line, startsBlock);
    startsBlock = false;
  }
  return body;
}

// ---------------------------------------------------------------------------------------
// Cards and choices

const TONE_WORDS = { urgent: "Urgent", alert: "Alert", done: "Done", failed: "Failed" };

function drawFacts(facts) {
  const rows = facts.map(({ label, value }) =>
    el("div", { class: "fact" }, el("dt", {}, label), typed("dd", value || "–", "typed")),
  );
  return el("dl", { class: "facts" }, ...rows);
}

function drawSource({ source, edition }) {
  if (!source && !edition) return null;
  if (source === "outside") return el("p", { class: "source" }, "Not covered by this policy");
  const where = [source, edition].filter(Boolean).join(" · ");
  return el("p", { class: "source" }, "From the policy: ", el("cite", {}, where));
}

function drawCard(part) {
  const tone = part.tone in TONE_WORDS ? part.tone : "plain";
  const card = el("section", { class: `card card-${tone}`, "data-tone": tone });
  if (part.title) {
    const spoken = tone === "plain" ? null : hiddenText(`${TONE_WORDS[tone]}: `);
    const picture = tone === "plain" ? null : icon(tone);
    card.append(el("h3", { dir: "auto" }, picture, el("span", {}, spoken, part.title)));
  }
  if (part.body) card.append(drawBody(part.body));
  if (part.facts?.length) card.append(drawFacts(part.facts));
  card.append(...[drawSource(part)].filter(Boolean));
  return card;
}

/** A button shaped like the arm of a signpost. */
function drawChoice(part, onPress) {
  const button = el(
    "button",
    { type: "button", class: part.main ? "choice choice-main" : "choice", "data-choice": part.id },
    el("span", { class: "choice-words", dir: "auto" }, part.label),
  );
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true") onPress(part.id, button);
  });
  return button;
}

/** Draws parts in order; choices that follow each other share one group. */
function drawParts(parts, { onPress, drawForm }) {
  const nodes = [];
  for (const part of parts) {
    if (part.kind === "card") nodes.push(drawCard(part));
    else if (part.kind === "form") nodes.push(drawForm(part));
    else if (part.kind === "choice") {
      if (!nodes.at(-1)?.matches(".choices")) {
        nodes.push(el("div", { class: "choices", role: "group", "aria-label": "Choices" }));
      }
      nodes.at(-1).append(drawChoice(part, onPress));
    }
  }
  return nodes;
}

/* A pressed button and its neighbours stay focusable (aria-disabled, not disabled): the
 * keyboard must not be thrown back to the top of the page by its own key press. */
function holdGroup(button, event) {
  for (const other of button.parentElement.children) {
    other.setAttribute("aria-disabled", "true");
    other.removeAttribute("aria-pressed");
  }
  button.setAttribute("aria-pressed", "true");
  button.dataset.event = event;
}

function releaseGroups(within) {
  for (const button of within.querySelectorAll("[data-choice][aria-disabled]")) button.removeAttribute("aria-disabled");
}

// ---------------------------------------------------------------------------------------
// Forms

/** One form on the page, and what is in it that the server has not had yet. */
class FormView {
  /**
   * @param part what the server drew
   * @param scope makes element ids unique and steady from one drawing to the next
   * @param onSend called with (form id, press, values)
   * @param before the same form as drawn earlier: what was typed in it since is kept
   */
  constructor(part, scope, onSend, before) {
    this.part = part;
    this.scope = `form-${scope}-${part.id}`;
    this.onSend = onSend;
    this.known = new Map(part.fields.map((field) => [field.key, field.value ?? ""]));
    this.submitted = false;
    this.collapsed = false;
    this.node = el("section", { class: "card form-card" }, this.#draw(before?.unsaved() ?? new Map()));
  }

  get hasErrors() {
    return this.part.fields.some((field) => field.error);
  }

  values() {
    const data = new FormData(this.form);
    // Several boxes of one name are one value: their keys with commas between, in the order they are drawn.
    return new Map(this.part.fields.map(({ key }) => [key, wellFormed(data.getAll(key).join(","))]));
  }

  /** What differs from what the server knows. */
  unsaved() {
    if (this.collapsed) return new Map();
    return new Map([...this.values()].filter(([key, value]) => value !== this.known.get(key)));
  }

  focusErrors() {
    this.node.querySelector(".summary")?.focus();
  }

  /** While an answer is awaited the text stays, readable, but is not edited under our feet. */
  hold() {
    this.submitted = true;
    this.form.setAttribute("aria-busy", "true");
    this.#setHeld(true);
  }

  release() {
    this.form.removeAttribute("aria-busy");
    this.#setHeld(false);
  }

  /** Folds an old form to one line. What was typed stays readable; the inputs go. */
  collapse(line, keepValues) {
    if (this.collapsed) return;
    const values = this.values();
    this.collapsed = true;
    const facts = this.part.fields
      .filter((field) => values.get(field.key))
      .map((field) => ({ label: field.label, value: this.#spoken(field, values.get(field.key)) }));
    const heading = [el("strong", { dir: "auto" }, this.part.title), ` ${line}`];
    const folded =
      keepValues && facts.length
        ? el("details", {}, el("summary", {}, ...heading), drawFacts(facts))
        : el("p", {}, ...heading);
    this.node.className = "card form-folded";
    this.node.replaceChildren(folded);
  }

  #spoken(field, value) {
    const keys = field.kind === "many_of" ? value.split(",") : [value];
    const said = keys.map((key) => field.options?.find((option) => option.key === key)?.label ?? key).join("; ");
    return field.of ? `${field.of}: ${said}` : said;
  }

  #setHeld(held) {
    for (const input of this.form.elements) {
      if (input.type === "radio" || input.type === "checkbox") input.disabled = held && !input.checked; // a checked one must stay in values()
      else if (input.matches("input, textarea")) input.readOnly = held;
      else if (input.matches("button")) held ? input.setAttribute("aria-disabled", "true") : input.removeAttribute("aria-disabled");
    }
  }

  #draw(kept) {
    const { part } = this;
    const form = el("form", { "data-form": part.id, novalidate: true, autocomplete: "off", "aria-labelledby": `${this.scope}-title` });
    this.form = form;
    form.append(el("h3", { id: `${this.scope}-title`, dir: "auto" }, part.title));
    if (this.hasErrors) form.append(this.#drawSummary());
    if (part.intro) form.append(drawBody(part.intro));
    for (const field of part.fields) {
      form.append(this.#drawField(field, kept.get(field.key) ?? field.value ?? ""));
    }
    form.append(this.#drawButtons());
    form.addEventListener("submit", (event) => this.#send(event));
    return form;
  }

  #drawSummary() {
    const items = this.part.fields
      .filter((field) => field.error)
      .map((field) => {
        const of = field.of ? [typed("span", field.of, "typed"), ": "] : [];
        const link = el("a", { href: `#${this.#id(field)}`, dir: "auto" }, ...of, field.error);
        link.addEventListener("click", (event) => {
          event.preventDefault(); // a fragment in the address would outlive the form
          this.#firstInput(field)?.focus();
        });
        return el("li", {}, link);
      });
    const title = el("h4", { id: `${this.scope}-problem` }, "There is a problem");
    return el("div", { class: "summary", tabindex: "-1", role: "group", "aria-labelledby": `${this.scope}-problem` }, title, el("ul", {}, ...items));
  }

  #id(field) {
    return `${this.scope}-${field.key}`;
  }

  #firstInput(field) {
    return [...this.form.elements].find((input) => input.name === field.key);
  }

  #drawField(field, value) {
    const id = this.#id(field);
    const notes = [
      field.hint ? el("p", { class: "hint", id: `${id}-hint`, dir: "auto" }, field.hint) : null,
      field.error ? el("p", { class: "error", id: `${id}-error`, dir: "auto" }, hiddenText("Error: "), field.error) : null,
    ].filter(Boolean);
    const shared = {
      "aria-describedby": notes.map((note) => note.id).join(" ") || null,
      "aria-invalid": field.error ? "true" : null,
    };
    const label = [field.of ? typed("span", field.of, "of typed") : null, field.label, field.required ? null : el("span", { class: "optional" }, " (optional)")];
    const wrap = el("div", { class: field.error ? "field field-wrong" : "field" });
    if (field.kind === "one_of" || field.kind === "many_of") {
      const legend = el("legend", { dir: "auto" }, ...label.filter(Boolean));
      // The role makes aria-invalid legal on the set of radios; a group of boxes may not carry it.
      const set = field.kind === "one_of" ? { role: "radiogroup", ...shared } : { "aria-describedby": shared["aria-describedby"] };
      wrap.append(el("fieldset", set, legend, ...notes, ...this.#drawOptions(field, value)));
    } else {
      wrap.append(el("label", { for: id, dir: "auto" }, ...label.filter(Boolean)), ...notes, this.#drawInput(field, value, { id, ...shared }));
    }
    return wrap;
  }

  #drawOptions(field, value) {
    const type = field.kind === "many_of" ? "checkbox" : "radio";
    const chosen = field.kind === "many_of" ? value.split(",") : [value];
    return (field.options ?? []).map((option, index) => {
      const id = index === 0 ? this.#id(field) : `${this.#id(field)}-${option.key}`;
      const input = el("input", { type, id, name: field.key, value: option.key, checked: chosen.includes(option.key) });
      return el("div", { class: "radio" }, input, el("label", { for: id, dir: "auto" }, option.label));
    });
  }

  #drawInput(field, value, attributes) {
    const common = { ...attributes, name: field.key, dir: "auto", "aria-required": field.required ? "true" : null };
    if (field.kind === "text") {
      const area = el("textarea", { ...common, rows: "5" });
      area.value = value;
      area.defaultValue = value;
      return area;
    }
    const type = field.kind === "date" || field.kind === "time" ? field.kind : "text";
    const input = el("input", { ...common, type, class: `input-${type}` });
    input.value = value;
    // A native date input silently drops "last Tuesday"; what a person said is kept instead.
    if (input.value !== value) {
      input.type = "text";
      input.value = value;
    }
    return input;
  }

  #drawButtons() {
    const check = el("button", { type: "submit", class: "button", value: "check" }, this.part.submit || "Continue");
    const another = this.part.another_child
      ? el("button", { type: "submit", class: "button button-second", value: "another-child" }, this.part.another_child)
      : null;
    // Sending is written in words beside the buttons, not only shown by their colour.
    return el("div", { class: "buttons" }, check, another, el("span", { class: "sending" }, "sending…"));
  }

  #send(event) {
    event.preventDefault();
    if (this.form.hasAttribute("aria-busy")) return;
    const values = this.values();
    this.known = values; // whatever comes back, only later typing counts as unsaved
    this.onSend(this, event.submitter?.value || "check", Object.fromEntries(values));
  }
}

// ---------------------------------------------------------------------------------------
// The composer

class Composer {
  constructor({ id, label, extra, onSend }) {
    this.onSend = onSend;
    this.label = el("label", { for: id }, label);
    this.area = el("textarea", { id, rows: "1", dir: "auto", "data-role": "composer", autocomplete: "off", enterkeyhint: "send" });
    this.error = el("p", { class: "error", id: `${id}-error`, role: "alert", hidden: true });
    const send = el("button", { type: "submit", class: "button" }, "Send");
    this.node = el(
      "form",
      { class: "composer" },
      el("div", { class: "composer-top" }, this.label, extra),
      this.error,
      el("div", { class: "composer-row" }, this.area, send),
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.area.addEventListener("keydown", (event) => this.#key(event));
    this.area.addEventListener("input", () => this.#changed());
  }

  send(words = this.area.value) {
    const count = countCharacters(words);
    if (words.trim() === "") {
      this.area.focus();
    } else if (count > LONGEST_MESSAGE) {
      this.#fail(`That is ${count.toLocaleString("en-GB")} characters. The most is ${LONGEST_MESSAGE.toLocaleString("en-GB")}. Nothing has been cut or sent.`);
    } else {
      this.onSend(wellFormed(words));
      if (this.area.value === words) this.area.value = "";
      this.#changed();
    }
  }

  fillAndSend(words) {
    const draft = this.area.value;
    this.area.value = words;
    this.send();
    if (draft.trim()) this.area.value = draft; // a button must not eat a half-written message
    this.#changed();
    this.area.focus({ preventScroll: true });
  }

  /** Rows, not pixels: the strict policy allows no inline style, and rows follow the text size. */
  fit() {
    const { area } = this;
    area.rows = 1;
    while (area.rows < MOST_ROWS && area.scrollHeight > area.clientHeight + 1) area.rows += 1;
    area.classList.toggle("is-full", area.scrollHeight > area.clientHeight + 1);
  }

  #key(event) {
    // While a word is being composed (Chinese, Arabic, accents) Enter belongs to the keyboard.
    const composing = event.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.send();
  }

  #changed() {
    this.fit();
    if (!this.error.hidden && countCharacters(this.area.value) <= LONGEST_MESSAGE) this.#fail("");
  }

  #fail(words) {
    this.error.textContent = words;
    this.error.hidden = words === "";
    if (words) {
      this.area.setAttribute("aria-invalid", "true");
      this.area.setAttribute("aria-describedby", this.error.id);
      this.area.focus();
    } else {
      this.area.removeAttribute("aria-invalid");
      this.area.removeAttribute("aria-describedby");
    }
  }
}

// ---------------------------------------------------------------------------------------
// A seat: one person's place, with its log and composer

class Seat {
  constructor(info, page) {
    this.id = info.id;
    this.side = info.side ?? (info.id === "teacher" ? "left" : "right");
    this.page = page;
    this.posts = new Map(); // post id -> {node, json, form}
    this.openForm = null;
    this.arrivals = 0; // posts by Signpost so far, to know whether a form has been answered
    this.awaitingForm = false;
    this.unread = 0;
    this.#build();
    this.describe(info);
  }

  #build() {
    const id = `seat-${this.id}`;
    this.heading = el("h2", { id: `${id}-place` });
    this.person = el("p", { class: "person" });
    this.empty = el("div", { class: "empty" });
    this.list = el("div", { class: "posts" });
    this.unsent = el("div", { class: "posts unsent" });
    this.log = el(
      "div",
      { class: "log", role: "log", "aria-live": "polite", "aria-labelledby": `${id}-place`, tabindex: "0" },
      el("div", { class: "log-inner" }, this.empty, this.list, this.unsent),
    );
    this.below = el("button", { type: "button", class: "below", hidden: true }, "New message below");
    this.below.addEventListener("click", () => this.#jumpBelow());
    this.log.addEventListener("scroll", () => this.#hideBelowAtEnd(), { passive: true });
    this.who = el("span", { class: "who" });
    this.composer = new Composer({ id: `${id}-composer`, label: "", extra: this.who, onSend: (words) => this.say(words) });
    this.quick = el("div", { class: "quick", role: "group", "aria-label": "Quick words", hidden: true });
    this.node = el(
      "div",
      { class: "seat", id, "data-seat": this.id, hidden: true },
      el("div", { class: "seat-head" }, this.heading, this.person),
      el("div", { class: "log-frame" }, this.log, this.below),
      el("div", { class: "desk" }, this.quick, this.composer.node),
    );
  }

  /** Names may change between one hello and the next; the log stays. */
  describe(info) {
    this.info = info;
    this.heading.textContent = info.place;
    this.person.textContent = [info.name, info.role].filter(Boolean).join(", ");
    for (const { label, href } of info.links ?? []) this.person.append(" · ", el("a", { href, target: "_blank", rel: "noopener" }, label));
    const left = this.side === "left";
    this.composer.label.textContent = left ? "Ask Signpost, or type log a concern" : `Write to Signpost as ${info.name}`;
    if (!left) this.empty.replaceChildren(el("p", {}, `Quiet so far. What ${info.name} is told appears here.`));
  }

  offer(suggestions, commands) {
    const list = suggestions.map((words) => el("li", {}, this.#sayButton(words, "suggestion")));
    const lead = el("p", {}, "Ask what to do, in your own words. The answer is a page of the school’s own policy.");
    this.empty.replaceChildren(lead, ...(list.length ? [el("p", { class: "try" }, "For example"), el("ul", {}, ...list)] : []));
    this.quick.replaceChildren(...commands.map((words) => this.#sayButton(words, words === "emergency" ? "quick-button quick-urgent" : "quick-button")));
    this.quick.hidden = commands.length === 0;
  }

  #sayButton(words, className) {
    const button = el("button", { type: "button", class: className, dir: "auto" }, words);
    button.addEventListener("click", () => this.composer.fillAndSend(words));
    return button;
  }

  // What this person does ---------------------------------------------------------------

  say(words) {
    const event = this.#send({ type: "say", words });
    const bubble = el("article", { class: "post by-you", "data-event": event }, this.#byline("you"), typed("p", words, "bubble typed"), el("p", { class: "sending" }, "sending…"));
    this.unsent.append(bubble);
    this.empty.hidden = true;
    this.#startReply();
    this.#scrollTo(bubble);
  }

  choose(choice, button) {
    holdGroup(button, this.#send({ type: "choose", choice }));
    this.#startReply();
  }

  submit(form, press, values) {
    form.hold();
    form.arrivalsBefore = this.arrivals;
    form.event = this.#send({ type: "send", form: form.part.id, press, values });
    this.#startReply();
    this.awaitingForm = true;
  }

  #send(frame) {
    return this.page.send({ ...frame, seat: this.id });
  }

  #startReply() {
    this.anchor = null;
    this.following = true;
    this.awaitingForm = false;
  }

  // What arrives --------------------------------------------------------------------------

  receive(post) {
    const json = JSON.stringify(post);
    const known = this.posts.get(post.id);
    if (known?.json === json) return this.#sameAgain(known, post);
    const had = this.#rememberFocus(known);
    const follows = this.#isFollowing();
    const view = this.#drawPost(post, known);
    this.posts.set(post.id, { ...view, json });
    if (known) known.node.replaceWith(view.node);
    else this.list.append(view.node);
    this.empty.hidden = true;
    releaseGroups(this.node);
    if (post.by === "you") this.#claimBubble(post.words);
    else this.arrivals += 1;
    this.#settleForms(post, view);
    this.#restoreFocus(had, view);
    if (!known) this.#show(view.node, post, follows);
    this.page.noticed(this);
  }

  /** A post sent again unchanged is left alone, with whatever is being typed in it. */
  #sameAgain(known, post) {
    releaseGroups(known.node);
    if (!known.form?.collapsed || this.page.replaying) return;
    this.posts.delete(post.id); // the server means this form to be used again: draw it afresh
    const old = known.node;
    const view = this.#drawPost(post, null);
    this.posts.set(post.id, { ...view, json: known.json });
    old.replaceWith(view.node);
    this.#settleForms(post, view);
    this.#scrollTo(view.node);
  }

  #drawPost(post, known) {
    const scope = `${this.id}-${post.id}`;
    let form = null;
    const parts = drawParts(post.parts ?? [], {
      onPress: (choice, button) => this.choose(choice, button),
      drawForm: (part) => {
        const before = known?.form?.part.id === part.id ? known.form : null;
        form = new FormView(part, scope, (...sent) => this.submit(...sent), before);
        return form.node;
      },
    });
    const words = post.words ? typed("p", post.words, "bubble typed") : null;
    const by = post.by === "you" ? "you" : "signpost";
    const node = el("article", { class: `post by-${by}`, "data-post": post.id, tabindex: "-1" }, this.#byline(by, post.at), words, ...parts);
    if (known) node.classList.add("is-redrawn");
    return { node, form };
  }

  #byline(by, at) {
    const name = by === "you" ? this.info.name : "Signpost";
    return el("p", { class: "byline" }, el("span", { class: "byline-name" }, name), at ? el("time", {}, at) : null);
  }

  /** The server's own copy of a message replaces the bubble that stood in for it. */
  #claimBubble(words) {
    const bubbles = [...this.unsent.children];
    const same = bubbles.find((bubble) => bare(bubble.querySelector(".bubble").textContent) === bare(words ?? ""));
    (same ?? bubbles.find((bubble) => bubble.classList.contains("is-heard")))?.remove();
  }

  /** Only the newest form is open, and not once something else has answered it. */
  #settleForms(post, view) {
    if (view?.form) {
      const earlier = this.openForm;
      this.openForm = view.form;
      if (earlier && earlier !== view.form && earlier.node.isConnected) this.#fold(earlier, view.form);
    }
    const form = this.openForm;
    const answered = form?.submitted && form.wasHeard && this.arrivals > form.arrivalsBefore;
    if (answered && !form.collapsed && !this.page.replaying) form.collapse("This form was completed.", true);
  }

  #fold(earlier, newer) {
    const carriedOn = earlier.submitted && earlier.part.id === newer.part.id;
    if (carriedOn) earlier.collapse("This form was replaced by a newer one.", false);
    else earlier.collapse(earlier.submitted ? "This form was completed." : "This form was replaced.", true);
  }

  heard(event) {
    this.unsent.querySelector(`[data-event="${CSS.escape(event)}"]`)?.classList.add("is-heard");
    const button = this.node.querySelector(`[data-choice][data-event="${CSS.escape(event)}"]`);
    if (button) delete button.dataset.event;
    // If the server had nothing to add, the buttons must not stay dead.
    if (button) setTimeout(() => releaseGroups(button.closest(".choices") ?? this.node), 800);
    const form = this.openForm;
    if (form?.event === event && !form.collapsed) {
      form.wasHeard = true;
      form.release();
      if (form.hasErrors && this.awaitingForm) form.focusErrors(); // the same errors as before
      this.#settleForms();
    }
  }

  /** The server began a new record: what is on screen belongs to one that is gone. */
  clear() {
    const kept = this.#foldUnsent();
    this.posts.clear();
    this.list.replaceChildren(...kept);
    this.openForm = null;
    this.anchor = null;
    this.arrivals = 0;
    this.unread = 0;
    this.empty.hidden = this.list.childElementCount + this.unsent.childElementCount > 0;
  }

  /** A form the old record will never answer: its text stays on screen to be copied. */
  #foldUnsent() {
    const form = this.openForm;
    const waits = form?.node.isConnected && !form.collapsed && (form.unsaved().size || (form.submitted && !form.wasHeard));
    if (!waits) return [];
    form.collapse("This form was replaced. What you typed:", true);
    form.node.querySelector("details")?.setAttribute("open", "");
    const post = form.node.closest(".post");
    delete post.dataset.post;
    return [post];
  }

  // Focus and scrolling ---------------------------------------------------------------------

  #rememberFocus(known) {
    const active = document.activeElement;
    const inForm = this.openForm?.node.contains(active);
    if (!known?.node.contains(active) && !inForm) return null;
    const at = active.matches("textarea, input[type=text]") ? [active.selectionStart, active.selectionEnd] : null;
    return { id: active.id, choice: active.dataset?.choice, at };
  }

  /** Focus goes to errors first, else back to where it was, else to what replaced it. */
  #restoreFocus(had, view) {
    if (view.form?.hasErrors && this.awaitingForm) {
      this.awaitingForm = false;
      view.form.focusErrors();
      return;
    }
    if (!had || document.activeElement !== document.body) return;
    const again =
      (had.id && document.getElementById(had.id)) ||
      (had.choice && view.node.querySelector(`[data-choice="${CSS.escape(had.choice)}"]`));
    (again || view.node).focus({ preventScroll: true });
    if (again && had.at && again.setSelectionRange) again.setSelectionRange(...had.at);
  }

  /** Is the newest post in view, or is the person reading further up? */
  #isFollowing() {
    const { log } = this;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    return this.following || atEnd || Math.abs(log.scrollTop - (this.lastTop ?? 0)) < 40;
  }

  /* One reply may be several posts. The first of them, or its urgent card, is the anchor:
   * later ones never push it off the top of the screen. */
  #show(node, post, follows) {
    const now = performance.now();
    const newReply = !this.anchor?.isConnected || now - (this.lastArrival ?? 0) > SAME_REPLY_MS;
    if (post.by !== "you" && newReply) this.anchor = node;
    const urgent = node.querySelector(".card-urgent");
    if (urgent) this.anchor = urgent.matches(".byline + *") ? node : urgent;
    this.lastArrival = now;
    this.following = false;
    if (follows) this.#scrollTo(this.anchor ?? node);
    else this.below.hidden = false;
  }

  /** As far down as there is, but never so far that the top of `node` is lost. */
  #scrollTo(node) {
    const { log } = this;
    if (!log.clientHeight) {
      this.toShow = node; // hidden for now; done when the seat is shown
      return;
    }
    if (log.scrollHeight <= log.clientHeight) node.scrollIntoView({ block: "nearest" }); // low screens: the page scrolls
    const top = node.getBoundingClientRect().top - log.getBoundingClientRect().top + log.scrollTop - ROOM_ABOVE;
    log.scrollTop = Math.min(top, log.scrollHeight - log.clientHeight);
    this.lastTop = log.scrollTop;
    this.below.hidden = true;
  }

  #jumpBelow() {
    this.#scrollTo(this.anchor?.isConnected ? this.anchor : this.list.lastElementChild ?? this.log);
    this.log.focus({ preventScroll: true });
  }

  #hideBelowAtEnd() {
    const { log } = this;
    if (log.scrollHeight - log.scrollTop - log.clientHeight < 60) this.below.hidden = true;
  }

  /** The seat has just become visible. */
  shown() {
    this.composer.fit();
    if (this.toShow?.isConnected) this.#scrollTo(this.toShow);
    this.toShow = null;
  }
}

// ---------------------------------------------------------------------------------------
// The private dialog

class PrivateDialog {
  constructor() {
    this.node = role("dialog");
    this.body = this.node.querySelector(".private-body");
    this.node.querySelector("[data-close]").addEventListener("click", () => this.node.close());
    this.node.addEventListener("close", () => this.#empty());
    this.node.addEventListener("keydown", (event) => this.#keepInside(event));
  }

  show(seat, parts) {
    let form = null;
    const before = this.node.open ? this.form : null;
    const nodes = drawParts(parts, {
      onPress: (choice, button) => {
        seat.choose(choice, button);
        this.#leaveWhenHeard(button.dataset.event);
      },
      drawForm: (part) => {
        const send = (view, press, values) => {
          view.hold();
          this.#leaveWhenHeard(seat.page.send({ type: "send", seat: seat.id, form: part.id, press, values }));
        };
        form = new FormView(part, `dialog-${seat.id}`, send, before?.part.id === part.id ? before : null);
        return form.node;
      },
    });
    this.form = form;
    this.leaving = null; // a new page of the dialog is the answer to the last one
    this.body.replaceChildren(...nodes);
    this.body.scrollTop = 0;
    if (!this.node.open) {
      this.openedFrom = { seat, post: document.activeElement.closest("[data-post]")?.dataset.post };
      this.node.showModal();
    }
    if (form?.hasErrors) form.focusErrors();
    else this.body.focus({ preventScroll: true });
    releaseGroups(seat.node);
  }

  /** What was pressed in the dialog is answered in the channel, unless a new page of it comes. */
  heard(event) {
    if (event === this.leaving) this.node.close();
  }

  #leaveWhenHeard(event) {
    this.leaving = event;
  }

  #empty() {
    this.body.replaceChildren();
    this.form = null;
    this.leaving = null;
    this.#giveFocusBack();
  }

  /** The browser gives it to the button that opened the dialog, unless its card was redrawn meanwhile. */
  #giveFocusBack() {
    if (document.activeElement !== document.body || !this.openedFrom) return;
    const { seat, post } = this.openedFrom;
    (seat.posts.get(post)?.node ?? seat.log).focus({ preventScroll: true });
  }

  /** The browser keeps the page behind out of reach; this also keeps Tab out of its own bars. */
  #keepInside(event) {
    if (event.key !== "Tab") return;
    const stops = [...this.node.querySelectorAll('a[href], button, input:not([disabled]), textarea, summary, [tabindex="0"]')];
    const [first, last] = [stops[0], stops.at(-1)];
    if (event.shiftKey && document.activeElement === first) {
      event.preventDefault();
      last.focus();
    } else if (!event.shiftKey && document.activeElement === last) {
      event.preventDefault();
      first.focus();
    }
  }
}

// ---------------------------------------------------------------------------------------
// The line to the server

/** One WebSocket that comes back, and the events the server has not yet said it heard. */
class Line {
  constructor({ onFrame, onState }) {
    this.onFrame = onFrame;
    this.onState = onState;
    this.waiting = new Map(); // event id -> {frame, since}
    this.tries = 0;
    this.ready = false;
    addEventListener("online", () => this.#soon());
    setInterval(() => this.#watch(), 1_000);
    this.#open();
  }

  send(frame) {
    const event = crypto.randomUUID();
    const whole = { ...frame, event };
    this.waiting.set(event, { frame: whole, since: performance.now() });
    if (this.ready) this.#put(whole);
    return event;
  }

  heard(event) {
    this.waiting.delete(event);
    if (this.ready) this.onState("up");
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/talk`);
    this.socket = socket;
    socket.addEventListener("message", (message) => this.#read(socket, message.data));
    socket.addEventListener("close", () => this.#lost(socket));
  }

  #read(socket, data) {
    if (socket !== this.socket) return;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      console.warn("Signpost: a frame that is not JSON was left out"); // its content is never logged
      return;
    }
    if (frame.type === "hello") this.#greet();
    this.onFrame(frame);
    if (frame.type === "hello") this.#repeat();
  }

  /** Only hello proves there is a Signpost at the other end, not merely a socket. */
  #greet() {
    this.ready = true;
    this.readySince = performance.now();
    this.onState("up");
  }

  #repeat() {
    for (const entry of this.waiting.values()) {
      entry.since = performance.now();
      this.#put(entry.frame);
    }
  }

  #put(frame) {
    this.socket.send(JSON.stringify(frame));
  }

  #lost(socket) {
    if (socket !== this.socket) return;
    // A server that greets and falls over at once must not be asked again at full speed.
    if (this.ready && performance.now() - this.readySince > STEADY_MS) this.tries = 0;
    this.ready = false;
    this.onState("down");
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    this.socket = null;
    this.timer = setTimeout(() => this.#open(), wait * (0.8 + 0.4 * Math.random()));
  }

  #soon() {
    if (this.socket) return;
    clearTimeout(this.timer);
    this.#open();
  }

  /** A line can be open and dead. Unheard events are how that shows. */
  #watch() {
    if (!this.ready || this.waiting.size === 0) return;
    const oldest = Math.min(...[...this.waiting.values()].map((entry) => entry.since));
    const age = performance.now() - oldest;
    if (age > DEAD_MS) {
      const { socket } = this;
      this.#lost(socket);
      socket.close();
    } else if (age > SLOW_MS) {
      this.onState("slow");
    }
  }
}

// ---------------------------------------------------------------------------------------
// The page

const STATES = {
  up: ["Connected"],
  slow: ["Still sending. In danger: ring ", "999", "."],
  down: ["Not connected. What you typed has not been sent. In danger: ring ", "999", "."],
};

class Page {
  constructor() {
    this.seats = new Map();
    this.shownSeat = { left: null, right: null };
    this.segments = document.querySelector(".segments");
    this.panes = document.querySelector(".panes");
    this.tabs = document.querySelector(".tabs");
    this.narrow = matchMedia("(max-width: 56rem)");
    this.dialog = new PrivateDialog();
    this.#listen();
    this.line = new Line({ onFrame: (frame) => this.#frame(frame), onState: (state) => this.#status(state) });
  }

  send(frame) {
    this.replaying = false; // from here on, what comes is news
    return this.line.send(frame);
  }

  #listen() {
    this.narrow.addEventListener("change", () => this.#look());
    addEventListener("resize", () => this.#visibleSeats().forEach((seat) => seat.composer.fit()));
    this.segments.addEventListener("click", (event) => {
      const side = event.target.closest("[data-segment]")?.dataset.segment;
      if (side) this.#showSide(side);
    });
    this.tabs.addEventListener("keydown", (event) => this.#tabKey(event));
    // Leaving with something unsent would lose it silently.
    addEventListener("beforeunload", (event) => {
      if (this.line.waiting.size) event.preventDefault();
    });
  }

  // Frames ------------------------------------------------------------------------------------

  #frame(frame) {
    const seat = this.seats.get(frame.seat);
    if (frame.type === "hello") this.#hello(frame);
    else if (frame.type === "post") seat?.receive(frame);
    else if (frame.type === "dialog" && seat) this.dialog.show(seat, frame.parts ?? []);
    else if (frame.type === "heard") this.#heard(frame.event);
  }

  #heard(event) {
    this.line.heard(event);
    for (const seat of this.seats.values()) seat.heard(event);
    this.dialog.heard(event);
  }

  #hello(hello) {
    this.#beginReplay(hello);
    for (const banner of document.querySelectorAll(".practice")) banner.textContent = hello.practice;
    role("school").textContent = hello.school;
    for (const info of hello.seats) this.#seat(info);
    for (const seat of this.#on("left")) seat.offer(hello.suggestions ?? [], hello.commands ?? []);
    this.#drawTabs();
    this.#drawYouAre();
    this.segments.hidden = false;
    for (const side of ["left", "right"]) this.#showSeat(this.shownSeat[side] ?? this.#on(side)[0]);
  }

  /** The record is sent again after every hello; `run`, if given, tells one record from the next. */
  #beginReplay(hello) {
    if (hello.run && this.run && hello.run !== this.run) for (const seat of this.seats.values()) seat.clear();
    this.run = hello.run;
    this.replaying = true;
    clearTimeout(this.replayTimer);
    this.replayTimer = setTimeout(() => {
      this.replaying = false;
    }, REPLAY_MS);
  }

  #seat(info) {
    const known = this.seats.get(info.id);
    if (known) {
      known.describe(info);
      return;
    }
    const seat = new Seat(info, this);
    this.seats.set(info.id, seat);
    document.querySelector(`[data-side="${seat.side}"]`).append(seat.node);
  }

  // Which seat is in view -----------------------------------------------------------------------

  #on(side) {
    return [...this.seats.values()].filter((seat) => seat.side === side);
  }

  #isVisible(seat) {
    return this.shownSeat[seat.side] === seat && (!this.narrow.matches || this.panes.dataset.shown === seat.side);
  }

  #visibleSeats() {
    return [...this.seats.values()].filter((seat) => this.#isVisible(seat));
  }

  #showSeat(seat) {
    if (!seat) return;
    this.shownSeat[seat.side] = seat;
    for (const other of this.#on(seat.side)) {
      other.node.hidden = other !== seat;
      other.tab?.setAttribute("aria-selected", String(other === seat));
      other.tab?.setAttribute("tabindex", other === seat ? "0" : "-1");
    }
    if (seat.side === "left" && this.youAre) {
      this.youAre.value = seat.id;
      seat.who.append(this.youAreLabel);
    }
    this.#look();
  }

  #showSide(side) {
    this.panes.dataset.shown = side;
    for (const button of this.segments.children) button.setAttribute("aria-pressed", String(button.dataset.segment === side));
    this.#look();
  }

  /** Whatever is in view now has been seen. */
  #look() {
    for (const seat of this.#visibleSeats()) {
      seat.unread = 0;
      seat.shown();
    }
    this.#drawMarkers();
  }

  // Tabs, segments and markers --------------------------------------------------------------------

  #drawTabs() {
    for (const seat of this.#on("right")) {
      if (!seat.tab) this.#addTab(seat);
      seat.tab.firstChild.textContent = seat.info.place;
    }
    this.tabs.hidden = this.#on("right").length < 2;
  }

  #addTab(seat) {
    seat.tab = el("button", { type: "button", role: "tab", class: "tab", id: `tab-${seat.id}`, "aria-controls": seat.node.id, "data-tab": seat.id }, el("span", { class: "tab-words" }));
    seat.tab.addEventListener("click", () => this.#showSeat(seat));
    seat.node.setAttribute("role", "tabpanel");
    seat.node.setAttribute("aria-labelledby", seat.tab.id);
    this.tabs.append(seat.tab);
  }

  #tabKey(event) {
    const tabs = [...this.tabs.children];
    const at = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    const tab = tabs.at(next % tabs.length);
    tab.focus();
    tab.click();
  }

  #drawYouAre() {
    const seats = this.#on("left");
    if (seats.length < 2) return;
    if (!this.youAre) {
      this.youAre = el("select", {});
      this.youAreLabel = el("label", { class: "you-are" }, "You are ", this.youAre);
      this.youAre.addEventListener("change", () => {
        this.#showSeat(this.seats.get(this.youAre.value));
        this.youAre.focus(); // it has moved to the other composer
      });
    }
    this.youAre.replaceChildren(...seats.map(({ id, info }) => el("option", { value: id }, [info.name, info.role].filter(Boolean).join(", "))));
  }

  noticed(seat) {
    if (this.#isVisible(seat) || this.replaying) return;
    seat.unread += 1;
    this.#drawMarkers();
  }

  #drawMarkers() {
    for (const seat of this.seats.values()) if (seat.tab) this.#mark(seat.tab, seat.unread);
    for (const button of this.segments.children) {
      const side = button.dataset.segment;
      const hidden = this.panes.dataset.shown !== side;
      this.#mark(button, hidden ? this.#on(side).reduce((sum, seat) => sum + seat.unread, 0) : 0);
    }
  }

  #mark(button, count) {
    button.querySelector(".unread")?.remove();
    if (count) button.append(el("span", { class: "unread" }, String(count), hiddenText(" new")));
  }

  // Status -------------------------------------------------------------------------------------

  #status(state) {
    const line = role("status");
    if (line.dataset.state === state) return; // not read out again
    line.dataset.state = state;
    const [before, number, after] = STATES[state];
    line.replaceChildren(before);
    if (number) line.append(el("a", { class: "number", href: `tel:${number}` }, number), after);
    document.body.classList.toggle("is-down", state === "down");
  }
}

new Page();
