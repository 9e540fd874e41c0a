function plots(model) {
  find("#scatters").replaceChildren();
  find("#reliability").replaceChildren();
  model.dimensions.forEach(({ title, points, reliability }, i) => {
    if (points.length) {
      const host = make("div", { class: "plot" });
      find("#scatters").append(make("figure", {}, make("figcaption", {}, `${title} (${points.length})`), host));
      const dots = points.map(([x, y, y_low, y_high]) => ({ x, y, ...(points.length <= 200 ? { y_low, y_high } : {}), colour: colour(i), label: `${number(x)} → ${number(y)}` }));
      scatter(host, dots, { x_title: say("label"), y_title: say("predicted"), label: `${title}: ${say("predicted")} / ${say("label")}` });
    }
    if (reliability.length) {
      const host = make("div", { class: "plot" });
      find("#reliability").append(make("figure", {}, make("figcaption", {}, title), host));
      const dots = reliability.map(({ width, clips, holds }) => ({ x: width, y: 100 * holds, colour: colour(i), label: `${number(width)}: ${(100 * holds).toFixed(0)} % / ${clips}` }));
      holding(host, dots, title);
    }
  });
}

/* Share of labels inside intervals, in percent, over the intervals' width in points; a dashed line where 90 % is. */
function holding(host, dots, title) {
  fitted(host, (width) => {
    const height = 190, left = 42, bottom = 34;
    const x = (value) => left + (value / 4) * (width - left - 10);
    const y = (value) => height - bottom - ((value - 40) / 60) * (height - bottom - 10);
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": `${title}: ${dots.map((dot) => dot.label).join(", ")}` });
    for (const at of [40, 60, 80, 100]) svg.append(make("line", { class: "axis", x1: left, x2: width - 10, y1: y(at), y2: y(at) }), make("text", { class: "faint", x: left - 5, y: y(at) + 4, "text-anchor": "end" }, String(at)));
    for (const at of [0, 1, 2, 3, 4]) svg.append(make("text", { class: "faint", x: x(at), y: height - bottom + 14, "text-anchor": "middle" }, String(at)));
    svg.append(make("line", { class: "axis", x1: left, x2: width - 10, y1: y(90), y2: y(90), "stroke-dasharray": "4 4", style: "stroke:var(--accent)" }));
    for (const dot of dots) svg.append(make("circle", { cx: x(Math.min(4, dot.x)), cy: y(Math.max(40, dot.y)), r: 5, style: `fill:${dot.colour}` }, make("title", {}, dot.label)));
    svg.append(make("text", { x: (left + width) / 2, y: height - 4, "text-anchor": "middle" }, say("width of the interval, points")),
      make("text", { transform: `translate(11 ${(height - bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, "%"));
    return svg;
  });
}
const chooser = find("#model");
if (chooser) chooser.addEventListener("input", () => plots(data.models[Number(chooser.value)]));
plots(data.models[0]);
