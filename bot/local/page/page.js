// The page: draws what the server tells it, and posts what the person does. Words of people and networks are only ever
// text nodes. Not here: sentences, which come with the page (data-words).
"use strict";

const words = JSON.parse(document.body.dataset.words);
const [log, line, menu, beside, banner, typing, newest, toast, picker, attach] = [
  "log", "line", "menu", "beside", "banner", "typing", "newest", "toast", "file", "attach",
].map((id) => document.getElementById(id));
const dialog = document.getElementById("alert");
const ICONS = {
  copy: "M9 9h10v11H9zM5 15V4h10",
  reply: "m9 8-5 5 5 5m-5-5h9c4 0 7 2 7 6",
  down: "M12 4v11m-5-5 5 5 5-5M5 20h14",
};
const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "code", blockquote: "blockquote" };
const CODE = /^#([2-9a-hjkmnp-z]{7})$/;
const NEAR = 90; // pixels from the end within which the chat follows new messages

let source, follows = true, facts = {}, run, options = [], active = -1, offered = "", turns = 0, asked, reply, file, sending = Promise.resolve();
const said = [];

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
  const button = make("button", { type: "button", title: words[name], "aria-label": words[name], "data-key": name }, icon(path));
  button.onclick = act;
  return button;
}

function drawRun({ text, styles, href, send, write }) {
  let node = document.createTextNode(text);
  for (const style of styles) if (TAGS[style]) node = make(TAGS[style], {}, node);
  if (href) return make("a", { className: "act", href, target: "_blank", rel: "noopener noreferrer" }, node);
  if (send?.startsWith("/again ")) return make("a", { className: "act", href: `#${text}`, title: send }, node);
  if (!send && !write) return node;
  const button = make("button", { className: "act", type: "button" }, node);
  button.onclick = () => (send ? say(send) : fill(write));
  return button;
}

function drawButton(message, { text, press, href, copy, write }) {
  if (href) return make("a", { href, target: "_blank", rel: "noopener noreferrer" }, text);
  const button = make("button", { type: "button", "data-key": `press-${press}` }, text);
  if (copy) button.onclick = () => toClipboard(copy);
  else if (write) button.onclick = () => fill(write.replace("{me}", facts.me));
  else if (press) button.onclick = () => pressButton(button, message.id, press);
  else button.disabled = true; // what only Telegram's apps can do
  return button;
}

function drawFile({ id, name, size }) {
  const amount = size < 1024 ? `${size} B` : size < 1048576 ? `${(size / 1024).toFixed(1)} kB` : `${(size / 1048576).toFixed(1)} MB`;
  const label = make("div", {}, name, make("small", {}, amount));
  return make("a", { className: "file", href: `/files/${id}`, download: name }, make("span", {}, icon(ICONS.down)), label);
}

function drawPhoto({ id, width, height }, text) {
  const alt = `${words.picture}: ${text.split("\n")[0] || id}`;
  const image = make("img", { src: `/files/${id}`, alt, width, height });
  return make("a", { className: "photo", href: `/files/${id}`, target: "_blank", rel: "noopener" }, image);
}

function drawMessage(message) {
  const text = message.runs.map((each) => each.text).join("");
  const bubble = make("div", { className: "bubble" }, make("span", { className: "unseen" }, message.mine ? words.you : words.bot));
  if (message.reply) bubble.append(make("span", { className: "quote", dir: "auto" }, message.reply));
  if (message.photo) bubble.append(drawPhoto(message.photo, text));
  if (message.document) bubble.append(drawFile(message.document));
  if (text) bubble.append(make("div", { className: "words", dir: "auto" }, ...message.runs.map(drawRun)));
  const at = new Date(message.at * 1000);
  const tools = make("span", {});
  if (text) tools.append(tool("copy", ICONS.copy, () => toClipboard(text)));
  tools.append(tool("reply", ICONS.reply, () => setReply(message, text)));
  const marks = [message.via && words.via, message.edited && words.edited].filter(Boolean).map((mark) => `${mark} · `);
  const time = make("time", { dateTime: at.toISOString() }, at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  bubble.append(make("div", { className: "small" }, tools, ...marks, time));
  const rows = message.rows.map((row) => make("div", { className: "row" }, ...row.map((button) => drawButton(message, button))));
  const side = message.mine ? "message mine" : "message";
  return make("article", { className: side, id: `m-${message.id}` }, bubble, ...rows);
}

function show(message) {
  const old = document.getElementById(`m-${message.id}`);
  const drawn = drawMessage(message);
  follows ||= message.mine && !old;
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

function connect() {
  source?.close();
  source = new EventSource("/events");
  const on = (event, act) => source.addEventListener(event, ({ data }) => act(JSON.parse(data)));
  on("chat", enter);
  on("message", show);
  on("commands", (commands) => (facts.commands = commands));
  on("offers", showOffers);
  on("pressed", pressed);
  on("typing", () => {
    typing.hidden = false;
    clearTimeout(typing.timer);
    typing.timer = setTimeout(() => (typing.hidden = true), 6000);
  });
  source.onerror = lost;
}

function enter(chat) {
  attach.hidden = !chat.admin;
  banner.hidden = true;
  const first = run !== chat.run, restarted = run && first;
  [facts, run] = [chat, chat.run];
  log.setAttribute("aria-busy", "true");
  if (first) log.replaceChildren();
  if (restarted) setBeside(); // as messages are numbered anew
  if (restarted) log.append(make("p", { className: "note" }, words.restarted));
  if (first) log.append(...chat.messages.map(drawMessage));
  else chat.messages.forEach(show);
  log.setAttribute("aria-busy", "false");
  if (first) toEnd();
  openCode();
}

async function lost() {
  banner.textContent = words.gone;
  banner.hidden = false;
  typing.hidden = true;
  if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
  const answer = await fetch("/").catch(() => null);
  if (answer?.status === 403) banner.textContent = words.stranger;
  setTimeout(() => document.hidden || connect(), 2000);
}

function pressed({ message, button, text, alert }) {
  document.querySelector(`#m-${CSS.escape(message ?? "")} [data-key="press-${button}"]`)?.removeAttribute("aria-busy");
  if (text && alert) {
    dialog.firstElementChild.textContent = text;
    dialog.showModal();
  } else if (text) notify(text);
}

// ---------------------------------------------------------------- what the person does

async function post(path, body) {
  const answer = await fetch(path, { method: "POST", body: body instanceof Blob ? body : JSON.stringify(body) }).catch(() => null);
  if (!answer) throw new Error(words.unsent);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function say(text) {
  const given = { text, ...(reply && { reply: reply.id }) };
  setBeside();
  return inOrder(() => post("/say", given), text);
}

function sendFile(caption) {
  const [sent, about] = [file, new URLSearchParams({ name: file.name, caption, ...(reply && { reply: reply.id }) })];
  setBeside();
  return inOrder(() => post(`/send?${about}`, sent), caption);
}

function inOrder(act, text) {
  if (text && said.at(-1) !== text) said.push(text);
  sending = sending.then(act).catch(({ message }) => {
    notify(message);
    if (!line.value.startsWith(text)) fill([text, line.value].filter(Boolean).join("\n"));
  });
  return sending;
}

function pressButton(button, message, number) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  setTimeout(() => button.setAttribute("aria-busy", "false"), 10000);
  post("/press", { message, button: number }).catch((error) => {
    button.setAttribute("aria-busy", "false");
    notify(error.message);
  });
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
  reply = { id: message.id, text: text || message.document?.name || "" };
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
  const parts = [file?.name, reply && `${words.replying}: ${reply.text.slice(0, 120)}`];
  beside.firstElementChild.textContent = parts.filter(Boolean).join(" · ");
}

function fill(text) {
  line.value = text;
  line.focus();
  line.dispatchEvent(new Event("input"));
}

function submit() {
  const text = line.value.trim();
  if (file) sendFile(text);
  else if (text) say(text);
  else return;
  fill("");
}

function openCode() {
  const code = CODE.exec(location.hash)?.[1];
  if (!code) return;
  history.replaceState(null, "", "/");
  say(`/again ${code}`);
}

// ---------------------------------------------------------------- commands, and offers as you type @

function suggest() {
  line.style.height = "auto";
  line.style.height = `${line.scrollHeight + 2}px`;
  const command = /^\/(\w*)$/.exec(line.value);
  const inline = /^@(\w*)(\s[^]*)?$/.exec(line.value);
  clearTimeout(asked);
  if (command) {
    const fits = (facts.commands ?? []).filter(({ command: name }) => name.startsWith(command[1].toLowerCase()));
    open(words.commands, fits.map(({ command: name, description }) => ({
      title: `/${name}`, description, act: () => say(`/${name}`), complete: `/${name} `,
    })));
  } else if (inline && facts.me?.startsWith(inline[1].toLowerCase())) {
    if (!inline[2]) open(words.offers, [naming()]);
    asked = setTimeout(() => ask((inline[2] ?? "").trim()), 150);
  } else close();
}

function naming() {
  return { title: `@${facts.me}`, description: words.inline, act: () => fill(`@${facts.me} `), keeps: true, complete: `@${facts.me} ` };
}

async function ask(text) {
  const turn = ++turns;
  offered = "";
  const { query } = await post("/ask", { text }).catch((error) => (notify(error.message), { query: "" }));
  if (turn !== turns) return; // typed on, or closed
  offered = query;
  if (ask.early?.query === query) showOffers(ask.early); // which came before the answer to the post
}

function showOffers(answer) {
  ask.early = answer;
  if (answer.query !== offered || !line.value.startsWith("@")) return;
  const offers = answer.offers.map(({ id, title, description }) => ({
    title, description, act: () => inOrder(() => post("/choose", { query: answer.query, offer: id }), ""),
  }));
  const start = /\s/.test(line.value) ? [] : [naming()];
  open(words.offers, [...start, ...offers], words.empty);
}

function open(label, found, nothing = "") {
  [options, active] = [found, -1];
  menu.setAttribute("aria-label", label);
  menu.replaceChildren(...found.map(({ title, description }, number) => {
    const option = make("div", { role: "option", id: `option-${number}`, "aria-selected": "false" });
    option.append(make("b", { dir: "auto" }, title), make("small", { dir: "auto" }, description));
    option.onpointerdown = (event) => event.preventDefault(); // the line keeps the focus
    option.onclick = () => choose(number);
    return option;
  }));
  if (!found.length && nothing) menu.append(make("div", { role: "option", "aria-disabled": "true" }, make("small", {}, nothing)));
  menu.hidden = !menu.childElementCount;
  line.removeAttribute("aria-activedescendant");
}

function close() {
  clearTimeout(asked);
  [turns, offered] = [turns + 1, ""];
  open(words.commands, []);
}

function move(step) {
  menu.children[active]?.setAttribute("aria-selected", "false");
  active = (active + step + (active < 0 && step < 0 ? 1 : 0) + options.length) % options.length;
  menu.children[active].setAttribute("aria-selected", "true");
  menu.children[active].scrollIntoView({ block: "nearest" });
  line.setAttribute("aria-activedescendant", `option-${active}`);
}

function choose(number) {
  const { act, keeps } = options[number];
  if (!keeps) fill("");
  act();
  line.focus();
}

line.onkeydown = (event) => {
  if (event.isComposing) return;
  const { key } = event, listed = !menu.hidden && options.length;
  if (listed && (key === "ArrowDown" || key === "ArrowUp")) move(key === "ArrowDown" ? 1 : -1);
  else if (listed && key === "Tab" && !event.shiftKey && options[Math.max(active, 0)].complete) fill(options[Math.max(active, 0)].complete);
  else if (listed && key === "Enter" && active >= 0) choose(active);
  else if (key === "Enter" && !event.shiftKey) submit();
  else if (key === "Escape") menu.hidden ? setBeside() : close();
  else if (key === "ArrowUp" && !line.value && said.length) fill(said.at(-1));
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
log.onscroll = () => {
  if ((follows = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR)) newest.hidden = true;
};
log.onpointerdown = close;
new ResizeObserver(() => follows && toEnd()).observe(log);
dialog.lastElementChild.onclick = () => dialog.close();
window.onhashchange = openCode;
window.onoffline = window.ononline = connect; // which a server on this machine does not mind
document.onvisibilitychange = () => (document.hidden ? source.close() : connect()); // six tabs are all that a server gets
connect();
