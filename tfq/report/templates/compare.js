const sorting = { key: "apart", down: false };
const columns = [
  { key: "file", title: say("file"), value: (row) => row.file, text: true },
  { key: "a", title: "A", value: (row) => row.a }, { key: "b", title: "B", value: (row) => row.b }, { key: "apart", title: "B − A", value: (row) => row.apart },
];
function show() {
  const dimension = find("#dimension").value, part = find("#name").value.toLowerCase();
  const rows = data.rows.filter((row) => row.file.toLowerCase().includes(part)).map((row) => {
    const a = row.a[dimension]?.mos ?? null, b = row.b[dimension]?.mos ?? null;
    return { file: row.file, a, b, apart: known(a) && known(b) ? b - a : null };
  });
  const column = columns.find((one) => one.key === sorting.key);
  rows.sort((x, y) => {
    const [p, q] = [column.value(x), column.value(y)];
    if (!known(p) || !known(q)) return known(p) ? -1 : known(q) ? 1 : 0;
    return (column.text ? p.localeCompare(q) : p - q) * (sorting.down ? -1 : 1);
  });
  find("#clips tbody").replaceChildren(...rows.map((row) => make("tr", {}, make("td", { class: "name" }, make("bdi", {}, row.file)), make("td", { class: "number" }, number(row.a)), make("td", { class: "number" }, number(row.b)),
    make("td", { class: `number ${!known(row.apart) ? "" : row.apart > 0.1 ? "good" : row.apart < -0.1 ? "poor" : ""}` }, `${row.apart > 0 ? "+" : ""}${number(row.apart)}`))));
  all("#clips th").forEach((cell, i) => cell.setAttribute("aria-sort", columns[i].key === sorting.key ? (sorting.down ? "descending" : "ascending") : "none"));
}
find("#clips thead tr").append(...columns.map((column) => make("th", { scope: "col", class: column.text ? "" : "number" },
  make("button", { type: "button", onclick: () => { sorting.down = sorting.key === column.key ? !sorting.down : false; sorting.key = column.key; show(); } }, column.title))));
for (const id of ["#dimension", "#name"]) find(id).addEventListener("input", show);
data.dimensions.forEach(({ name, title }, i) => {
  const points = data.rows.filter((row) => row.a[name] && row.b[name]).map((row) => ({ x: row.a[name].mos, y: row.b[name].mos, colour: colour(i), label: row.file }));
  if (!points.length) return;
  const host = make("div", { class: "plot" });
  find("#plots").append(make("figure", {}, make("figcaption", {}, title), host));
  scatter(host, points, { x_title: "A", y_title: "B", label: `${title}: B / A` });
});
show();
