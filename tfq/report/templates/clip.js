const video = find("#video"), still = find("#still"), player = find("#player"), over = find("#over");
const length = data.duration_s;
let at = 0, current = -1;

function decoded(packed, rows) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const values = new Int16Array(bytes.buffer);
  const size = rows ? values.length / rows : 0;
  return (row) => values.subarray(row * size, (row + 1) * size);
}
const points = decoded(data.points.packed, data.points.rows), boxes = decoded(data.boxes.packed, data.boxes.rows);
const shown = { landmarks: true, boxes: true };
const ABSENT = -32768;

/* What lies over the picture at this moment, in source pixels. */
function overlay() {
  const picture = video ?? still;
  const scale = devicePixelRatio || 1;
  over.width = picture.clientWidth * scale; over.height = picture.clientHeight * scale;
  const pen = over.getContext("2d"), factor = over.width / data.width;
  const row = Math.min(data.points.rows - 1, Math.floor((at * data.fps + 1e-3) / data.points.step));
  if (row < 0) return;
  pen.lineWidth = 1.2 * scale;
  if (shown.landmarks && data.points.rows) {
    const found = points(row);
    let start = 0;
    pen.strokeStyle = "#5ef0c0";
    for (const { count, closed } of data.outlines) {
      if (found[2 * start] === ABSENT) break;
      pen.beginPath();
      for (let i = start; i < start + count; i++) pen.lineTo((found[2 * i] / data.points.unit) * factor, (found[2 * i + 1] / data.points.unit) * factor);
      if (closed) pen.closePath();
      pen.stroke();
      start += count;
    }
  }
  if (!shown.boxes) return;
  if (data.boxes.rows) {
    const [left, top, right, bottom] = boxes(row);
    pen.strokeStyle = "#ffffffb0";
    if (left !== ABSENT) pen.strokeRect(left * factor, top * factor, (right - left) * factor, (bottom - top) * factor);
  }
  pen.strokeStyle = "#ff4d5e";
  for (const [i, weak] of data.weak.entries()) {
    pen.lineWidth = (i === current ? 3.5 : 1.5) * scale;
    if (weak.box_px && at >= weak.start_s - 0.02 && at < weak.end_s && Math.abs(at - weak.worst_frame_s) < 0.5) {
      const [left, top, right, bottom] = weak.box_px;
      pen.strokeRect(left * factor, top * factor, (right - left) * factor, (bottom - top) * factor);
    }
  }
}

let heads = [];
function follow() {
  if (video) at = video.currentTime;
  find("#now").textContent = `${clock(at)} / ${clock(length)}`;
  for (const head of heads) head.setAttribute("transform", `translate(${head.place(at)} 0)`);
  const inside = data.weak.findIndex((weak) => at >= weak.start_s - 0.02 && at < weak.end_s);
  if (current < 0 || !(at >= data.weak[current].start_s - 0.02 && at < data.weak[current].end_s)) mark(inside);
  overlay();
}
function mark(index) {
  current = index;
  all("[data-weak]").forEach((button, i) => button.setAttribute("aria-current", String(i === index)));
}
function go(seconds) {
  at = Math.max(0, Math.min(length - 0.001, seconds));
  if (video) video.currentTime = at;
  else {
    const nearest = data.stills.reduce((best, one, i) => (Math.abs(one.time_s - at) < Math.abs(data.stills[best].time_s - at) ? i : best), 0);
    if (data.stills.length) { still.src = data.stills[nearest].address; still.alt = data.stills[nearest].caption; at = data.stills[nearest].time_s; }
    follow();
  }
}
function jump(index) {
  if (!data.weak.length) return;
  const which = (index + data.weak.length) % data.weak.length;
  choose(which, data.weak[which].worst_frame_s);
}
/* Show one weak segment at a moment. */
function choose(which, seconds) {
  if (video) video.pause();
  mark(which);
  go(seconds + 0.5 / data.fps);
  mark(which);
  find(`[data-weak="${which}"]`).scrollIntoView({ block: "nearest" });
}
const step = (count) => { if (video) video.pause(); go((Math.floor(at * data.fps + 1e-3) + count + 0.5) / data.fps); };
const toggle = () => (video ? (video.paused ? video.play() : video.pause()) : undefined);
function flip(name) {
  shown[name] = !shown[name];
  find(`#${name}`).setAttribute("aria-pressed", String(shown[name]));
  overlay();
}

const hidden = new Set();
const COLUMNS = { left: 138, right: 12 };
function axis(width) {
  const narrow = width < 520, left = narrow ? 44 : COLUMNS.left, inner = width - left - COLUMNS.right;
  const x = (seconds) => left + (seconds / length) * inner;
  const rows = [["sound", 54], ["spectrogram", 84], ...data.lines.map((line) => [line, 58]), ["scores", 170]];
  const height = rows.reduce((sum, [, tall]) => sum + tall + 8, 0) + 22;
  const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": data.label });
  let top = 4;
  for (const [kind, tall] of rows) {
    const title = kind === "sound" ? say("sound, speech") : kind === "spectrogram" ? "0–8 kHz" : kind === "scores" ? "MOS" : kind.title;
    const name = make("text", { x: narrow ? left + 4 : left - 26, y: top + 11, "text-anchor": narrow ? "start" : "end", class: `faint${narrow ? " inside" : ""}` }, title);
    if (kind === "sound") sound(svg, x, top, tall);
    else if (kind === "spectrogram") svg.append(make("image", { href: data.spectrogram, x: left, y: top, width: inner, height: tall, preserveAspectRatio: "none" }));
    else if (kind === "scores") curves(svg, data.scores.filter((one) => !hidden.has(one.name)), x, left, top, tall, width, 1, 5);
    else curves(svg, [{ values: kind.values, colour: 5 }], x, left, top, tall, width, kind.low, kind.high);
    svg.append(name);
    top += tall + 8;
  }
  for (const weak of data.weak) {
    svg.append(make("rect", { class: "span", x: x(weak.start_s), width: Math.max(1, x(weak.end_s) - x(weak.start_s)), y: 4, height: top - 8,
      onclick: (event) => { event.stopPropagation(); jump(data.weak.indexOf(weak)); } }, make("title", {}, weak.text)));
  }
  for (const tick of ticks(0, length, Math.max(3, width / 110))) svg.append(make("text", { class: "faint", x: x(tick), y: height - 6, "text-anchor": "middle" }, `${tick} s`));
  const head = make("line", { class: "head", x1: 0, x2: 0, y1: 2, y2: top - 4 });
  head.place = x;
  head.setAttribute("transform", `translate(${x(at)} 0)`);
  heads = [head];
  svg.append(head);
  svg.addEventListener("click", (event) => {
    const place = ((event.clientX - svg.getBoundingClientRect().left) / svg.getBoundingClientRect().width) * width;
    go(((place - left) / inner) * length);
  });
  return svg;
}
function sound(svg, x, top, tall) {
  const middle = top + tall / 2, count = data.wave.high.length, place = (i) => x((i / count) * length);
  const edge = (values, back) => values.map((value, i) => `${place(i).toFixed(1)} ${(middle - (value * tall) / 2).toFixed(1)}`)[back ? "reverse" : "slice"]();
  if (count) svg.append(make("path", { d: `M${[...edge(data.wave.high, false), ...edge(data.wave.low, true)].join("L")}Z`, style: "fill:var(--faint)" }));
  for (const [start, end] of data.speech) svg.append(make("rect", { x: x(start), width: Math.max(1, x(end) - x(start)), y: top + tall - 3, height: 4, style: "fill:var(--good)" }));
}
function curves(svg, lines, x, left, top, tall, width, low, high) {
  const y = (value) => top + tall - ((Math.min(high, Math.max(low, value)) - low) / (high - low || 1)) * tall;
  for (const tick of ticks(low, high, tall / 34)) {
    svg.append(make("line", { class: "axis", x1: left, x2: width - COLUMNS.right, y1: y(tick), y2: y(tick) }),
      make("text", { class: "faint", x: left - 4, y: y(tick) + 4, "text-anchor": "end" }, String(tick)));
  }
  for (const line of lines) svg.append(make("path", { class: "curve", style: `stroke:${colour(line.colour)}${line.colour === 5 && lines.length > 1 ? ";stroke-width:2.6" : ""}`, d: through(line.values, (i) => x((i / line.values.length) * length), y) }));
}

fitted(find("#axis"), axis);
for (const line of data.scores) {
  const button = make("button", { "aria-pressed": "true", onclick: () => {
    if (!hidden.delete(line.name)) hidden.add(line.name);
    button.setAttribute("aria-pressed", String(!hidden.has(line.name)));
    find("#axis").replaceChildren(axis(find("#axis").clientWidth));
  } }, make("i", { style: `border-color:${colour(line.colour)}` }), line.title);
  find("#legend").append(button);
}
all("[data-weak]").forEach((button, i) => button.addEventListener("click", () => jump(i)));
all("[data-at]").forEach((button) => button.addEventListener("click", () => go(Number(button.dataset.at))));
find("#play").addEventListener("click", toggle);
find("#back").addEventListener("click", () => step(-1));
find("#on").addEventListener("click", () => step(1));
for (const name of ["landmarks", "boxes"]) find(`#${name}`).addEventListener("click", () => flip(name));
if (video) {
  for (const name of ["timeupdate", "seeked", "loadeddata", "play", "pause"]) video.addEventListener(name, follow);
  const name = () => { find("#play").textContent = say(video.paused ? "Play" : "Pause"); };
  video.addEventListener("play", function run() { name(); const tick = () => { if (video.paused) return; follow(); requestAnimationFrame(tick); }; tick(); });
  video.addEventListener("pause", name);
} else if (data.stills.length) go(0);
new ResizeObserver(overlay).observe(player);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName)) return;
  const press = event.key === " " && ["BUTTON", "VIDEO", "A"].includes(event.target.tagName);
  const does = { " ": press ? null : toggle, ArrowLeft: () => step(-1), ArrowRight: () => step(1), n: () => jump(current + 1), p: () => jump(current < 0 ? -1 : current - 1), l: () => flip("landmarks"), b: () => flip("boxes") }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (does) { event.preventDefault(); does(); }
});
follow();

/* A moment to open at comes with the page's address (#at=1.36) or with the page; a weak segment there is chosen. */
function openAt() {
  const wanted = /^#at=([\d.]+)$/.exec(location.hash);
  const seconds = wanted ? Number(wanted[1]) : data.at;
  if (!known(seconds)) return;
  const far = (i) => Math.abs(data.weak[i].worst_frame_s - seconds);
  const there = data.weak.map((weak, i) => i).filter((i) => seconds >= data.weak[i].start_s - 0.02 && seconds < data.weak[i].end_s + 0.02);
  if (there.length) choose(there.reduce((best, i) => (far(i) < far(best) ? i : best)), seconds);
  else go(seconds + 0.5 / data.fps);
}
addEventListener("hashchange", openAt);
openAt();
