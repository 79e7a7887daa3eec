// The page: choose a picture, send it with prompts to /api/caption, show the captions word by word. Text from the server or
// the user is only ever set as text.
"use strict";

const $ = (id) => document.getElementById(id);
const page = { picture: null, url: null, model: null, run: 0 };
const percent = (share) => (share >= 0.9995 ? "100 %" : share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`);

function make(tag, content = {}, ...children) {
  const element = document.createElement(tag);
  const { text, on, data, ...attributes } = content;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  for (const [name, listener] of Object.entries(on ?? {})) element.addEventListener(name, listener);
  element.append(...children);
  return element;
}

function fail(message) {
  $("error").textContent = message;
  $("error").hidden = false;
  $("error").scrollIntoView({ block: "nearest" });
  say("");
}

function say(message, busy = false) {
  $("status").textContent = message;
  $("status").classList.toggle("busy", busy);
}

// ---- the picture

function choose(file, example = null) {
  $("error").hidden = true;
  const limits = page.model?.limits;
  if (limits && file.type && !limits.types.includes(file.type)) {
    return fail(`${file.name || "This"} is no picture that can be read here (${file.type}); use JPEG, PNG, WEBP, GIF or BMP.`);
  }
  if (limits && file.size > limits.bytes) {
    return fail(`${file.name || "The picture"} has more than ${limits.bytes / 1048576} MB; choose a smaller one.`);
  }
  if (page.url) URL.revokeObjectURL(page.url);
  page.picture = file;
  page.url = URL.createObjectURL(file);
  $("preview").src = page.url;
  $("preview").hidden = $("change").hidden = false;
  $("invitation").hidden = true;
  for (const button of document.querySelectorAll("[data-example]")) {
    button.setAttribute("aria-pressed", String(button === example));
  }
  send();
}

function fromTransfer(transfer) {
  const file = [...(transfer?.files ?? [])][0];
  if (file) choose(file);
  return Boolean(file);
}

$("preview").addEventListener("error", () => {
  $("preview").hidden = true;
  $("invitation").hidden = false;
  $("change").hidden = true;
});
$("file").addEventListener("change", () => {
  if ($("file").files[0]) choose($("file").files[0]);
  $("file").value = ""; // so that the same file can be chosen again
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("drop").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (!fromTransfer(event.dataTransfer)) fail("That was no file; drop a picture from a folder of yours.");
});
document.addEventListener("paste", (event) => {
  if (fromTransfer(event.clipboardData)) event.preventDefault();
  else if (!event.target.closest?.("input")) fail("The clipboard holds no picture.");
});
for (const button of document.querySelectorAll("[data-example]")) {
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", async () => {
    try {
      const answer = await fetch(button.dataset.example);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      choose(await answer.blob(), button);
    } catch (error) {
      fail(`The example could not be loaded (${error.message}).`);
    }
  });
}

// ---- the prompts

function prompts() {
  return [...document.querySelectorAll("#prompts input")].map((input) => input.value.trim());
}

function number() {
  const rows = [...document.querySelectorAll("#prompts li")];
  rows.forEach((row, index) => {
    row.querySelector("input").setAttribute("aria-label", `Prompt ${index + 1}`);
    row.querySelector("button").setAttribute("aria-label", `Remove prompt ${index + 1}`);
    row.querySelector("button").hidden = rows.length === 1;
  });
  $("add").disabled = rows.length >= (page.model?.limits.prompts ?? 8);
}

function addPrompt(text, focus = false) {
  const input = make("input", {
    type: "text", list: "known", maxlength: 300, placeholder: "no prompt", autocomplete: "off", spellcheck: "false",
    "aria-describedby": "prompt-help",
  });
  input.value = text;
  const row = make("li", {}, input);
  const remove = () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    number();
    next?.querySelector("input").focus();
  };
  row.append(make("button", { type: "button", text: "×", title: "Remove this prompt", on: { click: remove } }));
  $("prompts").append(row);
  number();
  if (focus) input.focus();
}

$("add").addEventListener("click", () => {
  const used = prompts();
  addPrompt(page.model?.prompts.find((text) => !used.includes(text)) ?? "", true);
});
$("all").addEventListener("click", () => {
  $("prompts").replaceChildren();
  for (const text of (page.model?.prompts ?? []).slice(0, page.model?.limits.prompts)) addPrompt(text);
  if (page.picture) send();
});
$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (page.picture) return send();
  fail("Choose a picture first.");
  $("file").focus();
});

// ---- the request

const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

async function post(body, run) {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch("/api/caption", { method: "POST", body });
    if (answer.status !== 503 || attempt === 8 || run !== page.run) return answer;
    say("Many pictures are waiting; yours follows.", true);
    await pause(Number(answer.headers.get("Retry-After") ?? 1) + Math.random());
  }
}

async function send() {
  const run = ++page.run;
  const body = new FormData();
  // As bytes of no stated type: a picture whose name has the wrong ending is still read for what it is.
  body.append("image", new Blob([page.picture], { type: "application/octet-stream" }), "picture");
  for (const text of prompts()) body.append("prompt", text);
  $("error").hidden = true;
  say("Looking at the picture …", true);
  try {
    const answer = await post(body, run);
    const told = await answer.json().catch(() => ({ error: `the server answered with status ${answer.status}` }));
    if (run !== page.run) return; // another picture was chosen meanwhile
    if (!answer.ok) return refuse(told.error);
    show(told);
  } catch (error) {
    if (run === page.run) refuse(`the server cannot be reached (${error.message}); is “captioner app” still running?`);
  }
}

function refuse(message) {
  $("results").hidden = true;
  fail(message.charAt(0).toUpperCase() + message.slice(1));
}

// ---- the captions

function show(told) {
  $("cards").replaceChildren(...told.results.map(card));
  $("results").hidden = false;
  const texts = told.results.map((each) => (each.prompt ? `${each.prompt} … ${each.caption}` : each.caption));
  say(texts.length === 1 ? "One caption, below." : `${texts.length} captions, below.`);
  $("told").textContent = texts.join(" ");
  const far = $("results").getBoundingClientRect().top > window.innerHeight - 120;
  if (far) $("results").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function card(result) {
  const bars = make("ul", { class: "bars" });
  const heading = make("h4", {});
  const inspect = (before, step) => {
    heading.textContent = before ? `Most likely after “${ending(before)}”` : "Most likely first words";
    bars.replaceChildren(...step.likely.map((each) => bar(each, step)));
  };
  inspect(result.prompt, result.steps[0]);
  const blind = result.without_image;
  return make("article", { class: "card", "aria-label": result.prompt || "no prompt" },
    make("h3", { text: result.prompt ? `${result.prompt} …` : "(no prompt)" }),
    make("div", {}, words(result, inspect), heading, bars),
    make("div", {}, ...score(result),
      make("dl", {},
        make("dt", { text: "Log-probability" }), make("dd", { text: `${signed(result.log_probability, 2)} nats a token` }),
        make("dt", { text: "Entropy" }), make("dd", { text: `${percent(result.entropy)} of the maximum` }),
        make("dt", { text: "Tokens" }), make("dd", { text: String(result.tokens) }))),
    make("div", { class: "blind" }, make("h4", { text: "Without the picture, the prompt alone says" }), words(blind, inspect)));
}

const signed = (value, digits) => value.toFixed(digits).replace("-", "−");

// The last words of a text, no more than fit into a line.
function ending(text) {
  const whole = text.trim();
  if (whole.length <= 40) return whole;
  const cut = whole.slice(-40);
  return `… ${cut.slice(cut.indexOf(" ") + 1)}`;
}

// The caption as a row of words: one stop of the tab key, arrow keys inside.
function words(result, inspect) {
  const row = make("p", { class: "words", role: "group", "aria-label": `Caption: ${result.caption}` });
  let said = result.prompt;
  const buttons = result.steps.map((step, index) => {
    const last = index === result.tokens;
    const before = said;
    said += step.text;
    const text = step.text.trim();
    if (index > 0 && (last || /^\s/.test(step.text))) row.append(" ");
    const button = make("button", {
      type: "button", text: last ? "end" : text, tabindex: index === 0 ? "0" : "-1", class: last ? "end" : step.probability < 0.5 ? "doubt" : null,
      "aria-label": `${last ? "end of the caption" : step.text.trim() || "part of a character"}, ${percent(step.probability)} sure`,
    });
    button.style.setProperty("--p", step.probability);
    const look = () => {
      for (const other of document.querySelectorAll(".words [aria-current]")) other.removeAttribute("aria-current");
      button.setAttribute("aria-current", "true");
      inspect(before, step);
    };
    for (const kind of ["mouseenter", "focus", "click"]) button.addEventListener(kind, look);
    if (!last && text === "") button.hidden = true;
    row.append(button);
    return button;
  });
  row.addEventListener("keydown", (event) => {
    const shown = buttons.filter((button) => !button.hidden);
    const at = shown.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined || !shown[to]) return;
    event.preventDefault();
    shown.forEach((button, index) => button.setAttribute("tabindex", index === to ? "0" : "-1"));
    shown[to].focus();
  });
  return row;
}

function bar(each, step) {
  const name = each.stop ? "(end)" : each.token.trim() === "" ? JSON.stringify(each.token) : each.token.trim();
  const track = make("span", { class: "track", "aria-hidden": "true" }, make("span"));
  track.firstChild.style.setProperty("--p", each.probability);
  const chosen = Math.abs(each.probability - step.probability) < 1e-9;
  return make("li", {},
    make("span", { class: chosen ? "name chosen" : "name", text: name, title: name }), track,
    make("span", { class: "value", text: percent(each.probability) }));
}

function score(result) {
  const value = signed(result.clip_score, 1);
  const scores = page.model?.scores;
  if (!scores) return [make("h4", { text: "CLIP score" }), make("p", { class: "score" }, make("b", { text: value }))];
  const told = `higher than ${Math.round(result.percentile)} % of the study’s ${scores.images} test pictures`;
  return [make("h4", { text: "CLIP score: how well caption and picture agree" }),
    make("p", { class: "score" }, make("b", { text: value }), make("span", { text: told })),
    chart(scores, result.clip_score, `CLIP score ${value}, ${told}`)];
}

function chart({ low, high, counts }, value, label) {
  const svg = (tag, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, given] of Object.entries(attributes)) element.setAttribute(name, given);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const [width, height, base] = [360, 84, 66];
  const [from, to] = [Math.min(low, value), Math.max(high, value)];
  const x = (score) => 4 + ((score - from) / (to - from || 1)) * (width - 8);
  const step = (high - low) / counts.length;
  const most = Math.max(...counts);
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img", "aria-label": label });
  counts.forEach((count, index) => {
    const tall = (count / most) * (base - 12);
    const left = x(low + index * step);
    const wide = Math.max(x(low + (index + 1) * step) - left - 1, 0.5);
    drawing.append(svg("rect", { x: left, y: base - tall, width: wide, height: tall, rx: 1 }));
  });
  const at = x(value);
  drawing.append(svg("line", { x1: at, x2: at, y1: 8, y2: base }), svg("path", { d: `M${at - 5} 2h10l-5 8z` }));
  for (const [score, anchor, place] of [[from, "start", 4], [to, "end", width - 4]]) {
    drawing.append(svg("text", { x: place, y: height - 3, "text-anchor": anchor }, signed(score, 0)));
  }
  return drawing;
}

// ---- the start

addPrompt("");
fetch("/api/model")
  .then((answer) => answer.json())
  .then((model) => {
    page.model = model;
    const first = document.querySelector("#prompts input");
    if (!first.value) first.value = model.prompt;
    $("known").append(...model.prompts.filter(Boolean).map((text) => make("option", { value: text })));
    document.documentElement.dataset.ready = "true";
  })
  .catch((error) => fail(`The server cannot be reached (${error.message}).`));
