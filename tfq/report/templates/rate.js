const video = find("#video"), over = find("#over"), form = find("#scores"), FPS = data.fps;
const CHECK_EVERY = 10;
let state = null, sequence = [], played = false, mark = {}, drawing = false, corner = null, shown_url = "";

/* The same rater gets the same order again; others get another one. */
function random(seed) {
  let hash = 2166136261;
  for (const letter of seed) hash = Math.imul(hash ^ letter.codePointAt(0), 16777619);
  return () => {
    hash = (hash + 0x6d2b79f5) | 0;
    let mixed = Math.imul(hash ^ (hash >>> 15), 1 | hash);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
function order(rater) {
  const next = random(`${data.id}/${rater}`), clips = data.clips.map((_, i) => i).filter((i) => !data.clips[i].training);
  for (let i = clips.length - 1; i > 0; i--) { const j = Math.floor(next() * (i + 1)); [clips[i], clips[j]] = [clips[j], clips[i]]; }
  const items = data.clips.flatMap((clip, i) => (clip.training ? [{ clip: i, kind: "training" }] : []));
  const first = Math.ceil(Math.min(CHECK_EVERY, clips.length) / 2);
  clips.forEach((clip, i) => {
    items.push({ clip, kind: "clip" });
    if (i % CHECK_EVERY === first - 1) items.push({ clip: clips[Math.floor(next() * (i + 1))], kind: "check", wanted: 1 + Math.floor(next() * 5) });
  });
  return items;
}

const place_of = (rater) => `tfq-rate/${data.id}/${rater}`;
function kept(rater) { try { return JSON.parse(localStorage.getItem(place_of(rater))); } catch { return null; } }
function keep() {
  try { localStorage.setItem(place_of(state.rater), JSON.stringify(state)); localStorage.setItem(`tfq-rate/${data.id}`, state.rater); } catch { /* the answers are still in memory */ }
}

function begin(rater) {
  state = kept(rater) ?? { rater, at: 0, answers: [], draft: { scores: {}, marks: [] } };
  sequence = order(rater);
  find("#start").hidden = true;
  open();
}
function open() {
  const over_now = state.at >= sequence.length;
  find("#rating").hidden = over_now;
  find("#end").hidden = !over_now;
  if (over_now) { finish(); return; }
  const item = sequence[state.at], clip = data.clips[item.clip];
  find("#place").textContent = `${state.at + 1} / ${sequence.length}${item.kind === "training" ? ` · ${say("practice, not counted")}` : ""}`;
  find("#done").value = state.at / sequence.length;
  find("#check").hidden = item.kind !== "check";
  find("#check").textContent = say("To show that you read this: choose {score} in every row for this clip.").replace("{score}", item.wanted);
  if (shown_url) URL.revokeObjectURL(shown_url);
  shown_url = URL.createObjectURL(new Blob([Uint8Array.from(atob(clip.content), (letter) => letter.charCodeAt(0))], { type: clip.type }));
  video.src = shown_url;
  played = item.kind === "check";
  form.reset();
  for (const [name, value] of Object.entries(state.draft.scores)) find(`[name="${name}"][value="${value}"]`).checked = true;
  fresh(); list(); ready();
}
const missing = () => data.dimensions.filter((name) => !known(state.draft.scores[name]));
function ready() {
  const blocked = !played || missing().length > 0;
  find("#next").disabled = blocked;
  find("#hint").textContent = !played ? say("Play the clip to its end first.") : blocked ? say("Give every dimension a score.") : "";
}
function fresh() { mark = {}; corner = null; drawing = false; find("#draw").setAttribute("aria-pressed", "false"); find("#to").disabled = true; find("#text").value = ""; tell(); }
function tell() {
  const parts = [];
  if (known(mark.start)) parts.push(`${mark.start.toFixed(2)}–${known(mark.end) ? mark.end.toFixed(2) : "…"} s`);
  if (mark.box) parts.push(say("box on frame {frame}").replace("{frame}", mark.frame));
  if (drawing) parts.push(say("drag over the picture"));
  find("#marking").textContent = parts.join(" · ");
  paint();
}
function list() {
  find("#marks").replaceChildren(...state.draft.marks.map((one, i) => make("li", {}, `${data.titles[one.dimension]} ${one.start.toFixed(2)}–${one.end.toFixed(2)} s ${one.text} `,
    make("button", { type: "button", "aria-label": say("Remove the mark"), onclick: () => { state.draft.marks.splice(i, 1); keep(); list(); } }, "×"))));
  line();
}
function line() {
  const host = find("#line"), width = host.clientWidth || 480, length = video.duration || 1, x = (seconds) => (seconds / length) * width;
  const svg = make("svg", { viewBox: `0 0 ${width} 22`, height: 22, role: "img", "aria-label": say("Marks on the time line") }, make("rect", { x: 0, y: 9, width, height: 4, rx: 2, style: "fill:var(--line)" }));
  for (const one of [...state.draft.marks, ...(known(mark.start) ? [{ start: mark.start, end: mark.end ?? video.currentTime }] : [])]) svg.append(make("rect", { class: "span", style: "opacity:.6", x: x(one.start), width: Math.max(3, x(one.end - one.start)), y: 3, height: 16 }));
  svg.append(make("line", { class: "head", x1: x(video.currentTime), x2: x(video.currentTime), y1: 0, y2: 22 }));
  svg.addEventListener("click", (event) => { video.currentTime = ((event.clientX - svg.getBoundingClientRect().left) / width) * length; });
  host.replaceChildren(svg);
}
function paint() {
  over.width = video.clientWidth; over.height = video.clientHeight;
  over.style.pointerEvents = drawing ? "auto" : "none";
  if (!mark.box || mark.frame !== frame()) return;
  const pen = over.getContext("2d"), factor = over.width / (video.videoWidth || 1), [left, top, right, bottom] = mark.box;
  pen.strokeStyle = "#ff4d5e"; pen.lineWidth = 2.5;
  pen.strokeRect(left * factor, top * factor, (right - left) * factor, (bottom - top) * factor);
}
const frame = () => Math.floor(video.currentTime * FPS + 1e-3);
function pixel(event) {
  const area = over.getBoundingClientRect(), factor = video.videoWidth / area.width;
  const inside = (value, most) => Math.round(Math.max(0, Math.min(most, value)));
  return [inside((event.clientX - area.left) * factor, video.videoWidth), inside((event.clientY - area.top) * factor, video.videoHeight)];
}
function drag(event) {
  if (!corner) return;
  const [x, y] = pixel(event);
  mark.box = [Math.min(x, corner[0]), Math.min(y, corner[1]), Math.max(x, corner[0]), Math.max(y, corner[1])];
  mark.frame = frame();
  tell();
}
over.addEventListener("pointerdown", (event) => { corner = pixel(event); over.setPointerCapture(event.pointerId); });
over.addEventListener("pointermove", drag);
over.addEventListener("pointerup", (event) => { drag(event); corner = null; drawing = false; find("#draw").setAttribute("aria-pressed", "false"); tell(); });
find("#draw").addEventListener("click", () => { drawing = !drawing; video.pause(); find("#draw").setAttribute("aria-pressed", String(drawing)); tell(); });
find("#from").addEventListener("click", () => { mark.start = video.currentTime; delete mark.end; find("#to").disabled = false; tell(); line(); });
find("#to").addEventListener("click", () => { mark.end = Math.max(video.currentTime, mark.start); tell(); line(); });
find("#add").addEventListener("click", () => {
  const start = mark.start ?? video.currentTime, end = mark.end ?? Math.min(video.duration, start + 1 / FPS);
  state.draft.marks.push({ dimension: find("#fault").value, start, end: Math.max(end, start), frame: mark.frame ?? null, box: mark.box ?? null, text: find("#text").value.trim() });
  keep(); fresh(); list();
});

form.addEventListener("change", (event) => { state.draft.scores[event.target.name] = Number(event.target.value); keep(); ready(); });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!played || missing().length) return;
  video.pause();
  state.answers.push(state.draft);
  state.draft = { scores: {}, marks: [] };
  state.at += 1;
  keep(); open(); scrollTo(0, 0);
});
find("#begin").addEventListener("submit", (event) => { event.preventDefault(); begin(find("#rater").value.trim() || "?"); });
find("#again").addEventListener("click", () => { find("#end").hidden = true; find("#start").hidden = false; find("#rater").value = ""; find("#rater").focus(); });

function checks() {
  const asked = sequence.map((item, i) => [item, state.answers[i]]).filter(([item, said]) => item.kind === "check" && said);
  return [asked.filter(([item, said]) => data.dimensions.every((name) => said.scores[name] === item.wanted)).length, asked.length];
}
const cell = (value) => { const text = known(value) ? String(value) : ""; return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text; };
function csv() {
  const [right, asked] = checks(), note = asked ? `attention checks ${right}/${asked}` : "";
  const rows = [["rater", "file", "dimension", "score", "start_s", "end_s", "frame", "box", "text", "note"]];
  sequence.forEach((item, i) => {
    const said = state.answers[i], file = data.clips[item.clip].file;
    if (item.kind !== "clip" || !said) return;
    for (const name of data.dimensions) rows.push([state.rater, file, name, said.scores[name], "", "", "", "", "", note]);
    for (const one of said.marks) rows.push([state.rater, file, one.dimension, "", one.start.toFixed(3), one.end.toFixed(3), one.frame, one.box?.join(" "), one.text, note]);
  });
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
}
function finish() {
  const [right, asked] = checks();
  find("#summary").textContent = say("{count} clips rated; attention checks passed: {right} of {asked}.").replace("{count}", sequence.filter((item) => item.kind === "clip").length).replace("{right}", right).replace("{asked}", asked);
}
find("#download").addEventListener("click", () => {
  const url = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  make("a", { href: url, download: `ratings-${state.rater.replace(/[^\w.-]/g, "_")}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
});

const toggle = () => (video.paused ? video.play() : video.pause());
const step = (count) => { video.pause(); video.currentTime = Math.max(0, Math.min(video.duration, (frame() + count + 0.5) / FPS)); };
for (const name of ["timeupdate", "seeked", "loadedmetadata"]) video.addEventListener(name, () => { find("#now").textContent = `${clock(video.currentTime)} / ${clock(video.duration || 0)}`; line(); paint(); });
video.addEventListener("ended", () => { played = true; ready(); });
video.addEventListener("play", () => { find("#play").textContent = say("Pause"); });
video.addEventListener("pause", () => { find("#play").textContent = say("Play"); });
find("#play").addEventListener("click", toggle);
find("#back").addEventListener("click", () => step(-1));
find("#on").addEventListener("click", () => step(1));
document.addEventListener("keydown", (event) => {
  const typing = ["text", "search"].includes(event.target.type) || ["SELECT", "TEXTAREA"].includes(event.target.tagName);
  if (find("#rating").hidden || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const radio = event.target.type === "radio", button = ["BUTTON", "VIDEO"].includes(event.target.tagName);
  if (event.key === " " && !radio && !button) toggle();
  else if (event.key === "ArrowLeft" && !radio) step(-1);
  else if (event.key === "ArrowRight" && !radio) step(1);
  else if (/^[1-5]$/.test(event.key)) {
    const name = radio ? event.target.name : missing()[0];
    if (name) find(`[name="${name}"][value="${event.key}"]`).click();
  } else return;
  event.preventDefault();
});
try { find("#rater").value = localStorage.getItem(`tfq-rate/${data.id}`) ?? ""; } catch { /* nothing is kept */ }
