const data = JSON.parse(document.getElementById("data").textContent);
const say = (text) => data.texts[text] ?? text;
const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

function make(name, attributes = {}, ...children) {
  const space = ["svg", "g", "path", "line", "rect", "text", "image", "circle", "title"].includes(name);
  const node = space ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

const known = (value) => value !== null && value !== undefined;
const number = (value, digits = 2) => (known(value) ? value.toFixed(digits) : "–");
const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;

/* A path through points, broken where a value is null. */
function through(values, x, y) {
  let path = "", pen = "M";
  values.forEach((value, i) => {
    if (!known(value)) { pen = "M"; return; }
    path += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  });
  return path;
}

/* Round numbers, about `count` of them, from low to high. */
function ticks(low, high, count) {
  const raw = (high - low) / Math.max(1, count);
  if (!(raw > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-6; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

/* Draw now, whenever the width changes, and for paper. */
function fitted(host, draw) {
  let width = 0;
  const redraw = (wanted) => {
    if (Math.abs(wanted - width) < 2 || wanted < 50) return;
    width = wanted;
    host.replaceChildren(draw(wanted));
  };
  redraw(host.clientWidth || 700);
  new ResizeObserver(() => redraw(host.clientWidth)).observe(host);
  /* A4 inside its margins, in CSS pixels: upright, or wide for the pages with wide tables; a panel has a column of it. */
  const paper = host.closest(".grid") ? 300 : document.body.matches(".evaluate, .many") ? 1000 : 680;
  addEventListener("beforeprint", () => redraw(paper));
}

/* Points with intervals on two axes; `points` hold x, y, colour, label and perhaps x_low, x_high, y_low, y_high. */
function scatter(host, points, { x_title, y_title, low = 1, high = 5, curve = [], diagonal = true, label }) {
  fitted(host, (width) => {
    const height = Math.min(width, 340), left = 38, bottom = 34;
    const x = (value) => left + ((value - low) / (high - low)) * (width - left - 10);
    const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - bottom - 10);
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label });
    for (const at of ticks(low, high, 4)) {
      svg.append(make("line", { class: "axis", x1: x(at), x2: x(at), y1: 10, y2: height - bottom }),
        make("line", { class: "axis", x1: left, x2: width - 10, y1: y(at), y2: y(at) }),
        make("text", { class: "faint", x: x(at), y: height - bottom + 14, "text-anchor": "middle" }, String(at)),
        make("text", { class: "faint", x: left - 5, y: y(at) + 4, "text-anchor": "end" }, String(at)));
    }
    if (diagonal) svg.append(make("line", { class: "axis", x1: x(low), y1: y(low), x2: x(high), y2: y(high), "stroke-dasharray": "4 4" }));
    for (const p of points) {
      const style = `stroke:${p.colour};opacity:.45`;
      if (known(p.y_low)) svg.append(make("line", { style, x1: x(p.x), x2: x(p.x), y1: y(p.y_low), y2: y(p.y_high) }));
      if (known(p.x_low)) svg.append(make("line", { style, y1: y(p.y), y2: y(p.y), x1: x(p.x_low), x2: x(p.x_high) }));
      svg.append(make("circle", { cx: x(p.x), cy: y(p.y), r: 3.5, style: `fill:${p.colour};opacity:.85` }, make("title", {}, p.label)));
    }
    if (curve.length) svg.append(make("path", { class: "curve", style: "stroke:var(--accent)", d: "M" + curve.map(([a, b]) => `${x(a)} ${y(b)}`).join("L") }));
    svg.append(make("text", { x: (left + width) / 2, y: height - 4, "text-anchor": "middle" }, x_title),
      make("text", { transform: `translate(11 ${(height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, y_title));
    return svg;
  });
}

/* One row a group: every clip a dot, a bar from quartile to quartile, the median. */
function spread(host, groups, { low = 1, high = 5, label }) {
  fitted(host, (width) => {
    const left = Math.min(130, width * 0.34), height = 26 * groups.length + 26;
    const x = (value) => left + ((value - low) / (high - low)) * (width - left - 12);
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label });
    for (const at of [1, 2, 3, 4, 5]) {
      svg.append(make("line", { class: "axis", x1: x(at), x2: x(at), y1: 4, y2: height - 20 }),
        make("text", { class: "faint", x: x(at), y: height - 6, "text-anchor": "middle" }, String(at)));
    }
    groups.forEach(({ name, values, colour }, row) => {
      const middle = 26 * row + 17, sorted = [...values].sort((a, b) => a - b);
      const quantile = (q) => { const at = q * (sorted.length - 1), i = Math.floor(at); return sorted[i] + (at - i) * ((sorted[i + 1] ?? sorted[i]) - sorted[i]); };
      const short = name.length > 20 ? `${name.slice(0, 19)}…` : name;
      svg.append(make("text", { x: left - 8, y: middle + 4, "text-anchor": "end" }, short, make("title", {}, `${name} (${values.length})`)));
      if (!sorted.length) return;
      svg.append(make("rect", { x: x(quantile(0.25)), width: Math.max(1, x(quantile(0.75)) - x(quantile(0.25))), y: middle - 8, height: 16, rx: 3, style: `fill:${colour};opacity:.25` }));
      sorted.forEach((value, i) => svg.append(make("circle", { cx: x(value), cy: middle + ((i * 7) % 11) - 5, r: 2, style: `fill:${colour};opacity:.7` })));
      svg.append(make("line", { x1: x(quantile(0.5)), x2: x(quantile(0.5)), y1: middle - 9, y2: middle + 9, style: `stroke:${colour};stroke-width:2.5` }));
    });
    return svg;
  });
}

const colour = (index) => `var(--c${index % 6})`;
