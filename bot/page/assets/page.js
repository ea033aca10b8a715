// The page: one socket brings what happens in the chat, and takes what the person says. Words of people and networks
// become text nodes only. The bot's own sentences come with the page (data-words).
"use strict";

const words = JSON.parse(document.body.dataset.words);
const [log, line, menu, banner, typing, newest, toast, picker, file] = [
  "log", "line", "menu", "banner", "typing", "newest", "toast", "picker", "file",
].map((id) => document.getElementById(id));
const TAGS = { bold: "strong", name: "strong", own: "strong", italic: "em", code: "code" };
const KINDS = { own: "verse", verse: "verse", table: "table" }; // of lines
const COMMAND = /(?<![\w/@<>])(\/[a-z0-9_]{1,32})(?![\w/@])/i;
const NEAR = 90; // pixels from the end within which the chat follows new messages
const SHORT = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };

let socket, follows = true, commands = {}, height = 0;
const waiting = new Map(JSON.parse(sessionStorage.waiting ?? "[]")); // what was said and is not answered yet, by keys

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

function button(label, onclick, properties = {}) {
  return make("button", { type: "button", onclick, ...properties }, label);
}

function drawPiece([text, style]) {
  if (!style || style === "opening") return text.split(COMMAND).map((part, at) => (at % 2 ? link(part, () => say(part)) : part));
  if (style === "creation") return [link(text, () => say(`/again ${text}`))];
  if (style === "code" && text.startsWith("/")) return [link(make("code", {}, text), () => fill(text))];
  return [TAGS[style] ? make(TAGS[style], {}, text) : text];
}

function link(label, act) {
  return button(label, act, { className: "act" });
}

// Where the row of a table must break, it goes on below its last column, which two blanks set off.
function drawLine(pieces, isBelowCard) {
  const [first, ...others] = pieces, style = first?.[1];
  if (style === "name" && !isBelowCard) return drawName(first, others);
  const drawn = pieces.flatMap(drawPiece);
  if (!drawn.length) return make("br");
  const kind = KINDS[style] ?? "";
  const column = kind === "table" && /^(\S+ )*\S+ {2,}/.exec(first[0])?.[0].length;
  return make("div", { className: kind, dir: "auto", ...(column && { style: `--hang: ${column}ch` }) }, ...drawn);
}

function drawName(name, others) {
  const meaning = others.map(([text, style], at) => [at ? text : text.replace(/^: /, ""), style]);
  const said = make("div", {}, ...drawPiece(name));
  if (meaning.length) said.append(make("small", {}, ...meaning.flatMap(drawPiece)));
  const creature = make("img", { src: `creatures/${name[0].toLowerCase()}.svg`, alt: "" });
  return make("div", { className: "name", style: `--letters: ${name[0].length}` }, creature, said);
}

function linesOf(pieces) {
  const lines = [[]];
  for (const [text, style] of pieces) {
    text.split("\n").forEach((part, at) => {
      if (at) lines.push([]);
      if (part) lines.at(-1).push([part, style]);
    });
  }
  while (lines.length && !lines.at(-1).length) lines.pop();
  return lines;
}

function drawFile({ number, name, size, alt }) {
  const href = `files/${number}`;
  if (alt) {
    const image = make("img", { src: href, alt, onload: () => follows && toEnd() });
    return make("a", { className: "photo", href, target: "_blank", rel: "noopener" }, image);
  }
  return make("a", { className: "file", href, download: name }, name, make("small", {}, ` ${Math.ceil(size / 1000)} kB`));
}

function drawMessage(message) {
  const { number, mine, is_start: isStart } = message;
  const pieces = [...message.pieces], code = pieces.at(-1)?.[1] === "creation" && pieces.pop();
  const text = pieces.map(([each]) => each).join("").trim();
  const lines = mine ? [make("div", { dir: "auto" }, text)] : linesOf(pieces).map((line, at) => drawLine(line, message.alt && !at));
  const bubble = make("div", { className: "bubble" }, make("span", { className: "unseen" }, mine ? words.you : words.bot));
  if (isStart) bubble.append(make("img", { src: "creatures/mangosaurus.svg", alt: "" }));
  if (message.size) bubble.append(drawFile(message));
  if (text) bubble.append(make("div", { className: "words" }, ...lines));
  const small = make("div", { className: "small" });
  if (code) small.append(words.code, ...drawPiece(code));
  if (text && !mine) small.append(link(words.copy, () => toClipboard(text)));
  if (message.alt) small.append(link(words.save, () => save(message)));
  const at = new Date(message.at * 1000);
  small.append(make("time", { dateTime: at.toISOString() }, at.toLocaleString([], SHORT)));
  bubble.append(small);
  const rows = message.buttons.filter((row) => row.length).map((row) => make("div", { className: "row" }, ...row.map(
    ({ label, line, words: shared, opens }) => button(label, ({ currentTarget }) => (
      line ? press(currentTarget, number, line) : share(message, shared, opens)), { "data-line": line }))));
  const kind = ["message", mine && "mine", isStart && "start", code && "creation"].filter(Boolean).join(" ");
  return make("article", { className: kind, id: `m-${number}`, "aria-busy": String(message.grows) }, bubble, ...rows);
}

function show(message) {
  const old = document.getElementById(`m-${message.number}`), drawn = drawMessage(message);
  if (!message.mine) typing.hidden = true;
  if (old) {
    const focused = old.contains(document.activeElement) && document.activeElement.dataset.line;
    old.replaceWith(drawn);
    if (focused) (buttonOf(message.number, focused) ?? line).focus({ preventScroll: true });
  } else {
    log.append(drawn);
    follows ||= message.mine;
    newest.hidden = follows;
  }
  if (follows) toEnd();
}

function buttonOf(number, line) {
  return [...document.querySelectorAll(`#m-${number} [data-line]`)].find((each) => each.dataset.line === line);
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

const EVENTS = {
  chat: enter, message: show, typing: showTyping,
  answered: ({ key }) => keep(key),
  cleared: () => log.replaceChildren(),
};

function connect() {
  socket = new WebSocket(new URL("socket", location.href.replace("http", "ws")));
  socket.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    EVENTS[told.event](told);
  };
  socket.onclose = lost;
}

// What the server has never heard, or does not remember because it was stopped, goes back into the line.
function enter(chat) {
  const heard = new Map(chat.messages.map(({ key, waits }) => [key, waits]));
  commands = chat.commands;
  banner.hidden = true;
  log.replaceChildren(...chat.messages.map(drawMessage));
  follows = true;
  toEnd();
  giveBack(words.lost, [...waiting.keys()].filter((key) => !heard.has(key)));
  heard.forEach((waits, key) => waits || keep(key));
}

async function lost() {
  banner.textContent = words.gone;
  banner.hidden = false;
  typing.hidden = true;
  setTimeout(connect, 1000);
  const answer = await fetch("socket", { signal: AbortSignal.timeout(5000) }).catch(() => null);
  if (answer?.status === 403) banner.textContent = words.stranger;
}

function showTyping() {
  typing.hidden = false;
  clearTimeout(typing.timer);
  typing.timer = setTimeout(() => (typing.hidden = true), 6000);
}

function refused({ text, key }) {
  if (!key || waiting.has(key)) notify(text);
  giveBack(text, [key]);
}

function giveBack(sentence, gone) {
  const texts = gone.map((key) => waiting.get(key)).filter((text) => text && !line.value.includes(text));
  gone.forEach((key) => keep(key));
  if (texts.length) {
    notify(sentence);
    fill([...texts, line.value].filter(Boolean).join("\n"));
  }
}

function keep(key, text) {
  if (text === undefined) waiting.delete(key);
  else waiting.set(key, text);
  sessionStorage.waiting = JSON.stringify([...waiting]);
}

// ---------------------------------------------------------------- what the person does

const newKey = () => Math.random().toString(36).slice(2); // no other line and no other tab has this one

function say(text) {
  if (socket.readyState !== WebSocket.OPEN) return fill(text);
  const key = newKey();
  keep(key, text);
  socket.send(JSON.stringify({ line: text, key }));
}

async function sendFile(caption) {
  const key = newKey(), [chosen] = picker.files, facts = new URLSearchParams({ name: chosen.name, line: caption, key });
  keep(key, caption);
  dropFile();
  const answer = await fetch(`files?${facts}`, { method: "POST", body: chosen }).catch(() => null);
  if (!answer?.ok) refused({ key, text: answer?.status === 413 ? words.large : words.lost });
}

function press(pressed, number, said) {
  if (pressed.getAttribute("aria-busy") === "true") return;
  pressed.setAttribute("aria-busy", "true");
  setTimeout(() => pressed.removeAttribute("aria-busy"), 1000);
  follows = true;
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ line: said, pressed: number }));
  else if (!line.value) fill(said); // while there is no connection, the line waits to be sent
}

async function toClipboard(text) {
  await navigator.clipboard.writeText(text);
  notify(words.copied);
}

function save({ number, name }) {
  make("a", { href: `files/${number}`, download: name }).click();
}

// Where the browser cannot pass on a card, save it; copy words. Below a round, pass on the result, not the card.
async function share(message, text, opens) {
  const what = { text };
  if (message.alt && opens !== "today") {
    const png = await (await fetch(`files/${message.number}`)).blob();
    what.files = [new File([png], message.name, { type: "image/png" })];
  }
  if (navigator.canShare?.(what)) await navigator.share(what).catch(() => {}); // who closes it, shares nothing
  else if (what.files) save(message);
  else toClipboard(text);
}

function fill(text) {
  line.value = text;
  line.focus();
  typed();
}

function submit() {
  const text = line.value.trim();
  if (!(text || picker.value) || socket.readyState !== WebSocket.OPEN) return;
  fill("");
  if (picker.value) sendFile(text);
  else say(text);
}

function showFile() {
  const [chosen] = picker.files;
  file.hidden = !chosen;
  file.textContent = chosen ? `${chosen.name} ✕` : "";
  line.focus();
}

function dropFile() {
  picker.value = "";
  showFile();
}

// Keep the draft, let the line grow, and show the commands that it may become.
function typed() {
  sessionStorage.draft = line.value;
  line.style.height = "auto";
  line.style.height = `${line.scrollHeight + 2}px`;
  const found = /^\/\w*$/.test(line.value) ? Object.keys(commands).filter((name) => `/${name}`.startsWith(line.value)) : [];
  menu.replaceChildren(...found.map((name) => {
    const option = button(make("b", {}, `/${name}`), () => fill(`/${name} `));
    option.append(` ${commands[name]}`);
    return option;
  }));
  menu.hidden = !found.length;
}

line.onkeydown = (event) => {
  if (event.isComposing || event.shiftKey) return;
  if (event.key === "Enter") submit();
  else if (event.key === "Tab" && !menu.hidden) menu.firstElementChild.click();
  else if (event.key === "Escape") menu.hidden = true;
  else return;
  event.preventDefault();
};
line.oninput = typed;
document.getElementById("composer").onsubmit = (event) => {
  event.preventDefault();
  submit();
};
document.getElementById("attach").onclick = () => picker.click();
picker.onchange = showFile;
file.onclick = dropFile;
newest.onclick = () => {
  toEnd();
  line.focus();
};
log.onscroll = () => {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  if (isAtEnd || log.scrollTop < height) follows = isAtEnd; // what has grown meanwhile was not scrolled away from
  if (isAtEnd) newest.hidden = true;
  height = log.scrollTop;
};
new ResizeObserver(() => follows && toEnd()).observe(log);
fill(sessionStorage.draft ?? "");
connect();
