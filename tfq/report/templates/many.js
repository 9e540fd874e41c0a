const rows = data.rows, dimensions = data.dimensions, groups = [...new Set(rows.map((row) => row.group))].sort();
const paint = new Map(groups.map((name, i) => [name, colour(i)]));
const titles = Object.fromEntries(dimensions.map((one) => [one.name, one.title]));
const mos = (row, name) => row.scores[name]?.mos ?? null;
const grade = (value) => (!known(value) ? "" : value >= 3.5 ? "good" : value >= 2.5 ? "fair" : "poor");
const sorting = { key: "overall", down: false };

const columns = [
  { key: "file", title: say("file"), value: (row) => row.file, text: true },
  ...(groups.length > 1 ? [{ key: "group", title: say("group"), value: (row) => row.group, text: true }] : []),
  ...dimensions.map(({ name, short }) => ({ key: name, title: short, value: (row) => mos(row, name), score: true })),
  { key: "offset", title: say("offset"), value: (row) => row.offset_ms, show: (value) => (known(value) ? `${value > 0 ? "+" : ""}${value.toFixed(0)} ms` : "–") },
  { key: "weak", title: say("weak"), value: (row) => row.weak, show: (value) => String(value) },
  { key: "why", title: say("why"), value: (row) => row.why, text: true },
];

function compare(column) {
  return (a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (!known(x) || !known(y)) return known(x) ? -1 : known(y) ? 1 : 0;
    const order = column.text ? x.localeCompare(y) : x - y;
    return sorting.down ? -order : order;
  };
}
const name_of = (row) => (row.page ? make("a", { href: row.page }, make("bdi", {}, row.file)) : make("bdi", {}, row.file));

function chosen() {
  const part = find("#name").value.toLowerCase(), group = find("#group").value, dimension = find("#dimension").value;
  const most = Number(find("#most").value || 5);
  return rows.filter((row) => row.file.toLowerCase().includes(part) && (!group || row.group === group) && (!find("#weak").checked || row.weak > 0)
    && (most >= 5 || (known(mos(row, dimension)) && mos(row, dimension) <= most)));
}
function show() {
  const kept = chosen(), dimension = find("#dimension").value;
  find("#count").textContent = say("{shown} of {count} clips").replace("{shown}", kept.length).replace("{count}", rows.length);
  const column = columns.find((one) => one.key === sorting.key);
  find("#clips tbody").replaceChildren(...[...kept].sort(compare(column)).map((row) => make("tr", {}, ...columns.map((one) => {
    const value = one.value(row);
    if (one.key === "file") return make("td", { class: "name" }, name_of(row));
    if (one.score) {
      const cell = make("td", { class: `number ${grade(value)}` }, number(value, 1));
      const score = row.scores[one.key];
      if (score && known(score.low)) cell.title = `${say("90 %")}: ${number(score.low, 1)}–${number(score.high, 1)}`;
      return cell;
    }
    return make("td", { class: one.text ? "" : "number" }, one.text ? value : one.show(value));
  }))));
  all("#clips th").forEach((cell, i) => cell.setAttribute("aria-sort", columns[i].key === sorting.key ? (sorting.down ? "descending" : "ascending") : "none"));
  const worst = kept.filter((row) => known(mos(row, dimension))).sort((a, b) => mos(a, dimension) - mos(b, dimension)).slice(0, 8);
  find("#worst").replaceChildren(...worst.map((row) => make("li", {}, make("b", {}, `${number(mos(row, dimension), 1)} `), name_of(row), ` ${row.why}`)));
  find("#groups").replaceChildren();
  const host = make("div");
  find("#groups").append(host);
  spread(host, groups.map((name) => ({ name: name || say("all"), colour: paint.get(name), values: kept.filter((row) => row.group === name).map((row) => mos(row, dimension)).filter(known) })),
    { label: `${say("Distribution by group")}: ${titles[dimension]}` });
}
find("#clips thead tr").append(...columns.map((column) => make("th", { scope: "col", class: column.text ? "" : "number" },
  make("button", { type: "button", onclick: () => { sorting.down = sorting.key === column.key ? !sorting.down : false; sorting.key = column.key; show(); } }, column.title))));
find("#group").append(...groups.filter(Boolean).map((name) => make("option", { value: name }, name)));
find("#filters").addEventListener("input", show);
find("#filters").addEventListener("submit", (event) => event.preventDefault());
for (const { name, title } of dimensions) {
  const points = rows.filter((row) => known(mos(row, name)) && row.labels?.[name]).map((row) => ({
    x: row.labels[name].mos, x_low: row.labels[name].low, x_high: row.labels[name].high,
    y: mos(row, name), y_low: row.scores[name].low, y_high: row.scores[name].high, colour: paint.get(row.group), label: row.file }));
  if (!points.length) continue;
  find("#labelled").hidden = false;
  const host = make("div", { class: "plot" });
  find("#scatters").append(make("figure", {}, make("figcaption", {}, `${title} (${points.length})`), host));
  scatter(host, points, { x_title: say("opinion of people (MOS)"), y_title: say("predicted"), label: `${title}: ${say("predicted")} / ${say("opinion of people (MOS)")}` });
}
show();
