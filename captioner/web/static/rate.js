// The rating page: one question at a time, by key, mouse or touch. An answer that could not be sent is kept and sent again
// until the server has it. Text from the server is only ever set as text.
"use strict";

const $ = (id) => document.getElementById(id);
const address = document.body.dataset;
const PATIENCE = [500, 1000, 2000, 4000, 8000]; // milliseconds before each further try
const POINTS = ["nothing to do with the picture", "mostly wrong", "partly right", "right, with small mistakes", "describes it well"];
const NOTHING = "(no words)";
const rater = { state: null, begun: false, busy: true, seen: 0 };

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function button(value, name, ...parts) {
  const made = element("button", undefined, name);
  made.type = "button";
  made.dataset.answer = value;
  made.append(...parts);
  made.addEventListener("click", () => answer(value));
  return made;
}

function choices(task) {
  if (task.kind === "pair") {
    const [left, right] = task.captions;
    return [
      button("left", "choice", element("kbd", "1"), element("span", left || NOTHING)),
      button("right", "choice", element("kbd", "2"), element("span", right || NOTHING)),
      button("tie", "tie", element("kbd", "0"), "Neither is better"),
    ];
  }
  return POINTS.map((told, index) => button(String(index + 1), "point", element("b", String(index + 1)), element("span", told)));
}

function tell(message) {
  $("error").textContent = message;
  $("error").hidden = !message;
}

async function show(state) {
  rater.state = state;
  const { done, total, task } = state;
  $("count").textContent = task ? `${done + 1} of ${total}` : `${done} of ${total}`;
  $("progress").max = Math.max(total, 1);
  $("progress").value = done;
  rater.begun = rater.begun || done > 0;
  $("start").hidden = rater.begun || !task;
  $("task").hidden = !rater.begun || !task;
  $("end").hidden = Boolean(task);
  $("undo").disabled = done === 0;
  $("back").hidden = done === 0;
  $("status").textContent = "";
  if (!task) {
    rater.busy = false;
    return;
  }
  $("task").className = `asks-${task.kind}`;
  $("question").textContent = task.kind === "pair" ? "Which caption describes the picture better?" : "How well does this caption fit the picture?";
  $("caption").hidden = task.kind === "pair";
  $("caption").textContent = task.kind === "pair" ? "" : task.captions[0] || NOTHING;
  $("answers").replaceChildren(...choices(task));
  setBusy(true);
  if (!rater.begun) {
    rater.busy = false;
    return;
  }
  $("picture").src = task.picture;
  try {
    await $("picture").decode();
  } catch {
    setBusy(true);
    $("undo").disabled = true;
    tell("The picture could not be loaded. Load the page again.");
    return;
  }
  rater.seen = performance.now();
  setBusy(false);
  $("question").focus({ preventScroll: true });
  scrollTo(0, 0);
  if (state.ahead) new Image().src = state.ahead;
}

function setBusy(busy) {
  rater.busy = busy;
  for (const each of $("answers").children) each.disabled = busy;
  $("undo").disabled = busy || rater.state.done === 0;
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// The server's answer to a request, which is repeated until there is one: each is such that its repetition changes nothing.
async function ask(url, fields) {
  for (let tries = 0; ; tries += 1) {
    try {
      const options = fields && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) };
      const reply = await fetch(url, options);
      if (reply.status < 500) return { status: reply.status, told: await reply.json() };
    } catch (error) {
      if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error; // neither lost nor cut short
    }
    tell("The connection is lost. Your answer is kept here and sent again; leave the page open.");
    await pause(PATIENCE[Math.min(tries, PATIENCE.length - 1)]);
  }
}

async function go(url, fields) {
  const { status, told } = await ask(url, fields);
  tell("");
  if (status === 200) return show(told);
  if (status === 409) {
    const current = await ask(address.state); // answered in another window: go on where that one is
    if (current.status === 200) return show(current.told);
  }
  tell(told.error);
}

function answer(value) {
  if (rater.busy || !rater.begun || !rater.state.task) return;
  const milliseconds = Math.round(performance.now() - rater.seen);
  setBusy(true);
  for (const each of $("answers").children) each.classList.toggle("chosen", each.dataset.answer === value);
  go(address.answer, { position: rater.state.task.position, answer: value, milliseconds });
}

function undo() {
  if (rater.busy || !rater.state.done) return;
  setBusy(true);
  go(address.undo, { done: rater.state.done });
}

function begin() {
  rater.begun = true;
  show(rater.state);
}

const KEYS = {
  pair: { 1: "left", ArrowLeft: "left", 2: "right", ArrowRight: "right", 0: "tie", ArrowDown: "tie" },
  scale: { 1: "1", 2: "2", 3: "3", 4: "4", 5: "5" },
};

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey || !rater.state) return;
  const { task } = rater.state;
  if (event.key === "Enter" && task && !rater.begun) begin();
  else if ((event.key === "Backspace" || event.key === "u") && rater.begun) undo();
  else if (task && rater.begun && KEYS[task.kind][event.key]) answer(KEYS[task.kind][event.key]);
  else return;
  event.preventDefault();
});

$("begin").addEventListener("click", begin);
$("undo").addEventListener("click", undo);
$("back").addEventListener("click", undo);
go(address.state);
