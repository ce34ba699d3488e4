// The table of layers: sorting, filtering, and selecting a row by mouse or keyboard.

// The rows as the page has them, so that no name is in it twice.
function tableOf(article) {
  const body = article.querySelector("table.layers tbody");
  const rows = [...body.rows].map((element, place) => {
    const cells = [...element.cells].map((cell) => cell.textContent.trim());
    return {
      element, place, cells, label: cells[1], kind: cells[2], block: cells[3], precision: cells[4],
      text: "",
    };
  });
  return { body, rows, head: article.querySelector("table.layers thead") };
}

function sortable(table) {
  for (const [column, heading] of [...table.head.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sortBy(table, heading, column));
  }
}

function sortBy(table, heading, column) {
  const isNumber = heading.dataset.sort === "number";
  // Times from the longest on, names and places from the first on; then the other way round.
  const first = isNumber && column > 0 ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const before = heading.getAttribute("aria-sort");
  const order = before === first ? other : first;
  for (const cell of table.head.rows[0].cells) cell.removeAttribute("aria-sort");
  // Without a column of places the third click leads back to the order of the page.
  if (before === other && table.returns) {
    table.body.append(...table.rows.map((row) => row.element));
    return;
  }
  heading.setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const value = (row) => Number.parseFloat(row.cells[column].replace("~", ""));
  const compare = isNumber
    ? (a, b) => sign * ((value(a) || 0) - (value(b) || 0)) || a.place - b.place
    : (a, b) => sign * a.cells[column].localeCompare(b.cells[column], "en", { numeric: true }) || a.place - b.place;
  table.body.append(...[...table.rows].sort(compare).map((row) => row.element));
}

// A table of texts: by number where a column holds numbers, names as they are written.
function sortableTexts(table) {
  const head = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  const rows = [...body.rows].map((element, place) => ({
    element, place, cells: [...element.cells].map((cell) => cell.textContent.trim()),
  }));
  const inner = { body, returns: true, rows: rows.filter((row) => !row.element.classList.contains("total")), head: table.tHead };
  const totals = rows.filter((row) => row.element.classList.contains("total"));
  for (const [column, heading] of head.entries()) {
    const isNumber = inner.rows.some((row) => /^[-+~]?\d/.test(row.cells[column] ?? ""));
    heading.dataset.sort = column > 0 && isNumber ? "number" : "text";
  }
  sortable(inner);
  // Sums stay at the end, whatever the rows above are sorted by.
  table.tHead.addEventListener("click", () => body.append(...totals.map((row) => row.element)));
}

function filterable(article, table, facts) {
  const form = article.querySelector("form[role=search]");
  form.hidden = false;
  for (const row of table.rows) {
    row.text = [...row.cells, ...facts[row.place]].join("\n").toLowerCase();
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  // Both: assistive programs that choose an option send one or the other.
  for (const kind of ["input", "change"]) form.addEventListener(kind, () => filter(form, table));
  filter(form, table);
}

function filter(form, table) {
  const chosen = [...form.querySelectorAll("[data-filter]")].map((field) => [field.dataset.filter, field.value]);
  let shown = 0;
  for (const row of table.rows) {
    const fits = chosen.every(([name, value]) =>
      !value || (name === "text" ? row.text.includes(value.toLowerCase()) : row[name] === value));
    row.element.hidden = !fits;
    shown += fits ? 1 : 0;
  }
  form.querySelector("output").textContent = `${shown} of ${table.rows.length} layers`;
  reachable(table, table.rows.find((row) => !row.element.hidden)?.element);
}

// One row can be reached by Tab, the others from it by arrows: 5,000 stops would be a wall.
function reachable(table, element) {
  for (const row of table.body.querySelectorAll("[tabindex='0']")) row.tabIndex = -1;
  if (element) element.tabIndex = 0;
}

function selectable(table, select) {
  for (const row of table.rows) row.element.tabIndex = -1;
  const places = new Map(table.rows.map((row) => [row.element, row.place]));
  table.body.addEventListener("click", (event) => {
    const element = event.target.closest("tr");
    if (element) select(places.get(element));
  });
  table.body.addEventListener("keydown", (event) => {
    const element = event.target.closest("tr");
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      select(places.get(element));
      return;
    }
    const next = neighbour(table, element, event.key);
    if (!next) return;
    event.preventDefault();
    reachable(table, next);
    next.focus();
  });
}

function neighbour(table, element, key) {
  const shown = [...table.body.rows].filter((row) => !row.hidden);
  const at = shown.indexOf(element);
  const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 };
  return key in places ? shown[places[key]] : undefined;
}
