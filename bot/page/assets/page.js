// The page: one socket brings what happens in the chat, and takes what the person does. Words of people and networks
// become text nodes only. The bot's own sentences come with the page (data-words).
"use strict";

const words = JSON.parse(document.body.dataset.words);
const [log, line, menu, beside, banner, typing, newest, toast, picker, attach] = [
  "log", "line", "menu", "beside", "banner", "typing", "newest", "toast", "file", "attach",
].map((id) => document.getElementById(id));
const dialog = document.getElementById("alert");
const ICONS = {
  copy: "M9 9h10v11H9zM5 15V4h10",
  reply: "m9 8-5 5 5 5m-5-5h9c4 0 7 2 7 6",
  save: "M12 4v11m-5-5 5 5 5-5M5 20h14",
  share: "M12 15V4m-4 4 4-4 4 4M6 11v9h12v-9",
};
const TAGS = { bold: "strong", italic: "em", code: "code" };
const CODE = /^#([2-9a-hjkmnp-z]{7}(?:[2-9a-hjkmnp-z]{3})?)$/; // seven characters, or ten
const NAME = /^[A-Z][a-z]{0,39}$/; // which has a creature
const NEAR = 90; // pixels from the end within which the chat follows new messages
const REACH = 14; // pixels by which a finger may miss a link
const LARGEST = 5e6; // bytes of a file
const LONGEST = 4096; // characters of a message
const OWN = Math.random().toString(36).slice(2); // no other window has this

let socket, follows = true, facts = {}, options = [], active = -1, reply, file, keys = 0;
let height = 0; // how far the chat is scrolled
let back = 0; // which of the person's messages is in the line, counted from the end
const unsent = new Map(); // what was said and has not come back yet

// ---------------------------------------------------------------- drawing

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function icon(path) {
  const [svg, drawn] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}

function tool(name, path, act) {
  return make("button", { type: "button", title: words[name], "aria-label": words[name], "data-key": name, onclick: act }, icon(path));
}

// Lines that stand together keep their shape, in verse and in tables: where such a line must break, its rest is indented,
// in a table as far as the last column, which two blanks set off. A line that stands alone is prose.
function drawLines(pieces, isCreation) {
  const lines = [[]];
  for (const piece of pieces) {
    piece.text.split("\n").forEach((text, number) => {
      if (number) lines.push([]);
      if (text) lines.at(-1).push({ ...piece, text });
    });
  }
  const names = isCreation ? namesIn(lines) : [];
  return lines.flatMap((line, number) => {
    const end = number ? "\n" : "", drawn = line.map(drawPiece), isTable = line[0]?.styles.includes("pre");
    if (names.includes(line)) return [end, drawName(line)];
    if (!isTable && !(line.length && (lines[number - 1]?.length || lines[number + 1]?.length))) return [end, ...drawn];
    const hang = isTable ? `--hang: ${/^(\S+ )*\S+ {2,}/.exec(line[0].text)?.[0].length ?? 0}ch` : "";
    return [end, make("span", { className: isTable ? "line table" : "line", dir: "auto", style: hang }, ...drawn)];
  });
}

// Names stand one a line, in the last paragraph: each in bold, perhaps with a note after a colon. A sentence in italics
// stands for a name that is not shown. In verse, only its beginning is bold: the person's words.
function namesIn(lines) {
  const last = lines.slice(lines.findLastIndex((each) => !each.length) + 1);
  const isName = ([name, note]) => name.styles.includes("bold") && (!note || note.text.startsWith(": "));
  return last.every((each) => isName(each) || each[0].styles.includes("italic")) ? last.filter(isName) : [];
}

function drawName([name, ...notes]) {
  const drawn = make("span", {}, drawPiece(name)), shown = notes.map((note, at) => (at ? note : { ...note, text: note.text.slice(2) }));
  if (notes.length) drawn.append(make("small", {}, ...shown.map(drawPiece)));
  const creature = NAME.test(name.text) ? [make("img", { src: `creatures/${name.text.toLowerCase()}.svg`, alt: "" })] : [];
  return make("span", { className: "name", style: `--letters: ${name.text.length}` }, ...creature, drawn);
}

function drawPiece({ text, styles, send, write }) {
  let node = document.createTextNode(text);
  for (const style of styles) if (TAGS[style]) node = make(TAGS[style], {}, node);
  const again = (event) => (event.preventDefault(), say(send)); // here; whoever opens the link elsewhere gets the card
  if (send?.startsWith("/again ")) return make("a", { className: "act", href: `#${text}`, title: send, onclick: again }, node);
  if (!send && !write) return node;
  return make("button", { className: "act", type: "button", onclick: () => (send ? say(send) : fill(write)) }, node);
}

function drawButton(message, label, number) {
  const onclick = ({ currentTarget }) => press(currentTarget, message.id, number);
  return make("button", { type: "button", "data-key": `press-${number}`, onclick }, label);
}

function drawFile(id, { name, size, alt }, text) {
  const href = `files/${id}`;
  if (alt || !name) { // a picture
    const onload = () => follows && toEnd();
    const image = make("img", { src: href, alt: alt || `${words.picture}: ${text.split("\n")[0]}`, onload });
    return make("a", { className: alt ? "photo" : "photo chart", href, target: "_blank", rel: "noopener" }, image);
  }
  const amount = size < 1024 ? `${size} B` : size < 1048576 ? `${(size / 1024).toFixed(1)} kB` : `${(size / 1048576).toFixed(1)} MB`;
  const label = make("div", {}, name, make("small", {}, amount));
  return make("a", { className: "file", href, download: name }, make("span", {}, icon(ICONS.save)), label);
}

function drawCardTools(href, name) {
  const fileOf = (...parts) => new File(parts, name, { type: "image/png" });
  const save = tool("save", ICONS.save, () => make("a", { href, download: name }).click());
  if (!navigator.canShare?.({ files: [fileOf()] })) return [save];
  const share = async () => navigator.share({ files: [fileOf(await (await fetch(href)).blob())] });
  return [save, tool("share", ICONS.share, () => share().catch(() => {}))]; // the person has changed their mind
}

function drawMessage(message) {
  const code = message.pieces.find((each) => each.styles.includes("creation"));
  const pieces = message.pieces.filter((each) => each !== code), last = code && pieces.pop();
  if (last) pieces.push({ ...last, text: last.text.trimEnd() });
  const text = pieces.map((each) => each.text).join("");
  const bubble = make("div", { className: "bubble" }, make("span", { className: "unseen" }, message.mine ? words.you : words.bot));
  if (message.reply) bubble.append(make("span", { className: "quote", dir: "auto" }, message.reply));
  if (message.file) bubble.append(drawFile(message.id, message.file, text));
  if (message.is_start) bubble.append(make("img", { src: "scenes/mangosaurus.svg", alt: "", width: 1080, height: 760 }));
  if (text) bubble.append(make("div", { className: "words", dir: "auto" }, ...drawLines(pieces, Boolean(code))));
  const at = new Date(message.at * 1000);
  const tools = make("span", {});
  if (code) tools.append(words.code, drawPiece(code));
  if (text) tools.append(tool("copy", ICONS.copy, () => toClipboard(text)));
  if (message.file?.alt) tools.append(...drawCardTools(`files/${message.id}`, message.file.name));
  tools.append(tool("reply", ICONS.reply, () => setReply(message, text)));
  const marks = message.edited ? [`${words.edited} · `] : [];
  const day = at.toDateString() === new Date().toDateString() ? {} : { day: "numeric", month: "short" };
  const shown = at.toLocaleString([], { ...day, hour: "numeric", minute: "2-digit" });
  const time = make("time", { dateTime: at.toISOString() }, shown);
  bubble.append(make("div", { className: "small" }, tools, ...marks, time));
  let number = 0;
  const rows = message.rows.map((row) => make("div", { className: "row" }, ...row.map((label) => drawButton(message, label, number++))));
  if (message.is_start) rows.push(drawStart());
  const kinds = { message, mine: message.mine, growing: message.is_growing, start: message.is_start, creation: code };
  const kind = Object.keys(kinds).filter((each) => kinds[each]).join(" ");
  return make("article", { className: kind, id: `m-${message.id}` }, bubble, ...rows);
}

function drawStart() {
  const surprises = words.surprises.split("\n"), any = () => surprises[Math.floor(Math.random() * surprises.length)];
  const begin = (label, line) => make("button", { type: "button", onclick: () => say(line()) }, words[label]);
  return make("div", { className: "row" }, begin("dinosaur", () => "/dino"), begin("sonnet", () => "/sonnet"), begin("surprise", any));
}

function show(message) {
  unsent.delete(message.key);
  const old = document.getElementById(`m-${message.id}`);
  const drawn = drawMessage(message);
  follows ||= !old && Boolean(message.mine || message.file?.alt); // somebody who asks for a card looks at it
  if (old) {
    const key = old.contains(document.activeElement) && document.activeElement.dataset.key;
    old.replaceWith(drawn);
    if (key) (drawn.querySelector(`[data-key="${key}"]`) ?? line).focus({ preventScroll: true });
  } else {
    drawn.classList.add("new");
    log.append(drawn);
    if (follows && log.childElementCount > 1000) log.firstElementChild.remove();
  }
  if (!message.mine) typing.hidden = true;
  if (follows) toEnd();
  else if (!old) newest.hidden = false;
}

function keepOnly({ messages }) {
  const kept = new Set(messages.map(({ id }) => `m-${id}`));
  for (const old of log.querySelectorAll("article")) if (!kept.has(old.id)) old.remove();
}

function toEnd() {
  log.scrollTop = log.scrollHeight;
  newest.hidden = true;
}

function notify(text) {
  toast.textContent = text;
  clearTimeout(notify.timer);
  notify.timer = setTimeout(() => toast.replaceChildren(), 2000 + 60 * text.length);
}

// ---------------------------------------------------------------- what the server tells

const EVENTS = { chat: enter, message: show, pressed, notice: refused, typing: showTyping, forgotten: keepOnly };

function connect() {
  if (socket && socket.readyState < WebSocket.CLOSING) return;
  const opened = (socket = new WebSocket(new URL("socket", location.href.replace("http", "ws"))));
  socket.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    EVENTS[told.event](told);
  };
  socket.onclose = () => opened === socket && lost();
}

function showTyping() {
  typing.hidden = false;
  clearTimeout(typing.timer);
  typing.timer = setTimeout(() => (typing.hidden = true), 6000);
}

function enter(chat) {
  attach.hidden = !chat.admin;
  banner.hidden = true;
  const first = facts.start !== chat.start, restarted = facts.start && first;
  facts = chat;
  log.setAttribute("aria-busy", "true");
  if (restarted) unanswered().forEach((text, number) => unsent.set(number, text));
  chat.messages.forEach(({ key }) => unsent.delete(key));
  giveBack(restarted ? words.lost : words.unsent);
  if (first) log.replaceChildren();
  if (restarted) setBeside(); // as messages are numbered anew
  if (restarted) log.append(make("p", { className: "note" }, words.restarted));
  keepOnly(chat); // as others may have been forgotten meanwhile
  if (first) log.append(...chat.messages.map(drawMessage));
  else chat.messages.forEach(show);
  log.setAttribute("aria-busy", "false");
  if (first) toEnd();
  openCode();
}

async function lost() {
  if (document.hidden) return;
  banner.textContent = words.gone;
  banner.hidden = false;
  typing.hidden = true;
  giveBack();
  setTimeout(() => document.hidden || connect(), 1000);
  const answer = await fetch("./", { signal: AbortSignal.timeout(5000) }).catch(() => null);
  if (answer?.status === 403) banner.textContent = words.stranger;
}

// Put words back into the line if they were refused, or on their way when the connection broke.
function giveBack(sentence = words.unsent, keys = [...unsent.keys()]) {
  const lost = keys.filter((key) => unsent.has(key));
  const texts = lost.map((key) => unsent.get(key)).filter((text) => text && !line.value.includes(text));
  lost.forEach((key) => unsent.delete(key));
  if (lost.length) notify(sentence);
  if (texts.length) fill([...texts, line.value].filter(Boolean).join("\n"));
}

// Return what was said after the last answer that is whole.
function unanswered() {
  const shown = [...log.querySelectorAll("article")];
  const asked = shown.slice(shown.findLastIndex((each) => !each.matches(".mine, .growing")) + 1);
  return asked.filter((each) => each.matches(".mine")).map((each) => each.querySelector(".words")?.textContent ?? "");
}

function refused({ text, key }) {
  notify(text);
  giveBack(text, [key]);
}

function pressed({ at, text, alert }) {
  if (at) document.querySelector(`#m-${at[0]} [data-key="press-${at[1]}"]`)?.removeAttribute("aria-busy");
  if (text && alert) {
    dialog.firstElementChild.textContent = text;
    dialog.showModal();
  } else if (text) notify(text);
}

// ---------------------------------------------------------------- what the person does

function send(facts, text = "", bytes) {
  const key = `${OWN}-${++keys}`;
  if (facts.do !== "press") unsent.set(key, text);
  if (socket?.readyState !== WebSocket.OPEN) return giveBack();
  socket.send(JSON.stringify({ ...facts, key }));
  if (bytes) socket.send(bytes);
}

function say(text) {
  send({ do: "say", text, ...(reply && { reply: reply.id }) }, text);
  setBeside();
}

function sendFile(caption) {
  send({ do: "send", name: file.name, text: caption, ...(reply && { reply: reply.id }) }, caption, file);
  setBeside();
}

function press(button, message, number) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  setTimeout(() => button.setAttribute("aria-busy", "false"), 10000);
  send({ do: "press", message, button: number });
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // the page was not opened at localhost or by https
    const field = make("textarea", { value: text, className: "unseen" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  notify(words.copied);
}

function setReply(message, text) {
  reply = { id: message.id, text: text || message.file?.name || "" };
  showBeside();
  line.focus();
}

function setBeside() {
  reply = file = undefined;
  picker.value = "";
  showBeside();
}

function showBeside() {
  beside.hidden = !reply && !file;
  const hint = file && /^(text\/.*)?$/.test(file.type) && words.learn;
  const parts = [file?.name, hint, reply && `${words.replying}: ${reply.text.slice(0, 120)}`];
  beside.firstElementChild.textContent = parts.filter(Boolean).join(" · ");
}

const said = () => [...log.querySelectorAll(".mine .words")].map((each) => each.textContent);

function recall(step) {
  const all = said(), at = (line.value ? back : 0) + step;
  if (at < 0 || at > all.length) return;
  back = at;
  fill(at ? all.at(-at) : "");
  close();
}

function fill(text) {
  line.value = text;
  line.focus();
  line.dispatchEvent(new Event("input"));
}

function submit() {
  const text = line.value.trim();
  if (!text && !file) return;
  if (file?.size > LARGEST) return notify(words.large);
  if ([...text].length > LONGEST) return notify(words.long);
  if (socket.readyState !== WebSocket.OPEN) return notify(words.unsent); // and all stays where it is
  fill("");
  if (file) sendFile(text);
  else say(text);
}

function openCode() {
  const code = CODE.exec(location.hash)?.[1];
  if (!code) return;
  history.replaceState(null, "", "./");
  say(`#${code}`);
}

// ---------------------------------------------------------------- commands

function suggest() {
  sessionStorage.setItem("draft", line.value);
  line.style.height = "auto";
  line.style.height = `${line.scrollHeight + 2}px`;
  const command = /^\/(\w*)$/.exec(line.value);
  const fits = command ? Object.entries(facts.commands ?? {}).filter(([name]) => name.startsWith(command[1].toLowerCase())) : [];
  open(fits.map(([name, description]) => ({ name, description })));
}

function open(found) {
  [options, active] = [found, 0];
  menu.replaceChildren(...found.map(({ name, description }, number) => {
    const onpointerdown = (event) => event.preventDefault(); // the line keeps the focus
    const how = { role: "option", id: `option-${number}`, "aria-selected": "false", onpointerdown, onclick: () => choose(number) };
    return make("div", how, make("b", {}, `/${name}`), make("small", {}, description));
  }));
  menu.hidden = !found.length;
  line.removeAttribute("aria-activedescendant");
  if (found.length) move(0);
  cutMenu();
}

// If not all commands fit, show half of the last one, so that people see that more follow.
function cutMenu() {
  menu.style.removeProperty("--most");
  if (menu.scrollHeight <= menu.clientHeight) return;
  const halves = [...menu.children].map((option) => option.offsetTop + option.offsetHeight / 2);
  menu.style.setProperty("--most", `${halves.findLast((half) => half <= menu.clientHeight) + 2 * menu.clientTop}px`);
}

const close = () => open([]);

function move(step) {
  menu.children[active]?.setAttribute("aria-selected", "false");
  active = (active + step + options.length) % options.length;
  menu.children[active].setAttribute("aria-selected", "true");
  menu.children[active].scrollIntoView({ block: "nearest" });
  line.setAttribute("aria-activedescendant", `option-${active}`);
}

function choose(number) {
  const { name } = options[number], needsWords = facts.needs_words.includes(name);
  fill(needsWords ? `/${name} ` : `/${name}`);
  if (!needsWords) submit();
}

line.onkeydown = (event) => {
  if (event.isComposing) return;
  const { key } = event, listed = !menu.hidden && options.length;
  if (listed && (key === "ArrowDown" || key === "ArrowUp")) move(key === "ArrowDown" ? 1 : -1);
  else if (listed && key === "Tab" && !event.shiftKey) fill(`/${options[active].name} `);
  else if (listed && key === "Enter" && !event.shiftKey) choose(active);
  else if (key === "Enter" && !event.shiftKey) submit();
  else if (key === "Escape") menu.hidden ? setBeside() : close();
  else if (key === "ArrowUp" && (!line.value || line.value === said().at(-back))) recall(1);
  else if (key === "ArrowDown" && line.value && line.value === said().at(-back)) recall(-1);
  else return;
  event.preventDefault();
};
line.oninput = suggest;
document.getElementById("composer").onsubmit = (event) => {
  event.preventDefault();
  submit();
};
document.getElementById("slash").onclick = () => (line.value === "/" ? fill("") : fill("/"));
document.getElementById("drop").onclick = () => (setBeside(), line.focus());
attach.onclick = () => picker.click();
picker.onchange = () => {
  file = picker.files[0];
  showBeside();
  line.focus();
};
newest.onclick = () => (toEnd(), line.focus());
log.onscroll = () => { // a chat that grows, as when a picture arrives, is still followed
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  if (isAtEnd || log.scrollTop < height) follows = isAtEnd;
  if (isAtEnd) newest.hidden = true;
  height = log.scrollTop;
};
log.onpointerdown = close;
log.onclick = ({ target, clientX, clientY }) => {
  // A finger that misses a link hits the nearest one.
  const bubble = matchMedia("(pointer: coarse)").matches && !target.closest("a, button") && target.closest(".bubble");
  if (!bubble || !getSelection().isCollapsed) return;
  const reached = [...bubble.querySelectorAll(".act")].flatMap((link) => [...link.getClientRects()].map((place) => {
    const [across, down] = [Math.max(place.left - clientX, clientX - place.right, 0), Math.max(place.top - clientY, clientY - place.bottom, 0)];
    return { link, miss: Math.hypot(across, down) };
  }));
  const nearest = reached.sort((one, other) => one.miss - other.miss)[0];
  if (nearest?.miss <= REACH) nearest.link.click();
};
new ResizeObserver(() => (follows && toEnd(), cutMenu())).observe(log);
dialog.lastElementChild.onclick = () => dialog.close();
window.onhashchange = openCode;
fill(sessionStorage.getItem("draft") ?? "");
window.ononline = connect;
document.onvisibilitychange = () => (document.hidden ? socket.close() : connect());
connect();
