// Puts the page of results together: links pictures, table and the selected layer.

function detailOf(result, place) {
  const row = result.table.rows[place];
  const panel = document.createElement("div");
  const heading = document.createElement("h3");
  heading.textContent = `${place}: ${row.label}`;
  const list = document.createElement("dl");
  list.className = "facts";
  const time = `${inMs(result.data.own[place])}, as measured ${inMs(result.data.raw[place])}, ${row.cells[8]} % of the layer time`;
  const what = [row.kind, row.block, row.precision].filter(Boolean).join(", ");
  for (const [label, text] of [["Time", time], ["What", what], ...factsOf(result.data, place)]) {
    const [term, words] = [document.createElement("dt"), document.createElement("dd")];
    // textContent, never innerHTML: names come from files that anybody wrote.
    term.textContent = label;
    words.textContent = text;
    list.append(term, words);
  }
  panel.append(heading, list);
  return panel;
}

function select(result, place) {
  result.selected = place;
  for (const row of result.article.querySelectorAll("tr[aria-current]")) row.removeAttribute("aria-current");
  const { element } = result.table.rows[place];
  element.setAttribute("aria-current", "true");
  reachable(result.table, element);
  result.article.querySelector(".detail").replaceChildren(detailOf(result, place));
  const bars = result.article.querySelector("[data-chart=layers]");
  if (hasContent(result, "layers")) Plotly.relayout(bars, { shapes: marked(result) });
  const field = result.article.querySelector("[data-series]");
  if (field && result.data.spread) {
    field.value = "layer";
    showSeries(result, "layer");
  }
}

function showSeries(result, value) {
  result.series = value;
  for (const name of ["histogram", "series"]) {
    draw(result.article.querySelector(`[data-chart=${name}]`), () => CHARTS[name](result));
  }
}

// A click on a bar selects the layer, and brings its row into view.
function linkBars(result) {
  const chart = result.article.querySelector("[data-chart=layers]");
  chart.on("plotly_click", (event) => {
    const place = event.points[0].x;
    select(result, place);
    result.table.rows[place].element.scrollIntoView({ block: "nearest" });
  });
}

function hasContent(result, name) {
  const { data } = result;
  if (name === "steps") return data.steps.length > 1; // one bar leads nowhere
  if (name === "histogram" || name === "series") return data.passes.length > 0 || data.spread;
  if (name === "roofline") return data.roofline?.points.length > 0;
  return data.own.some((ms) => ms !== null);
}

function startResult(article) {
  const data = parsed(article.querySelector("script.data"));
  const { name } = article.dataset;
  const result = { article, data, name, hovers: [], table: tableOf(article), selected: null, series: data.passes.length ? "0" : "layer" };
  sortable(result.table);
  selectable(result.table, (place) => select(result, place));
  filterable(article, result.table, data.facts);
  for (const element of article.querySelectorAll("[data-chart]")) {
    const kind = element.dataset.chart;
    if (hasContent(result, kind)) keep(element, () => CHARTS[kind](result));
    else element.closest("figure").hidden = true;
  }
  const field = article.querySelector("[data-series]");
  if (field) {
    field.form.hidden = false;
    field.addEventListener("change", () => showSeries(result, field.value));
  }
  if (hasContent(result, "layers")) linkBars(result);
}

function startCompared(section, all) {
  const data = all[section.dataset.place];
  for (const element of section.querySelectorAll("[data-chart]")) {
    const kind = element.dataset.chart;
    const isEmpty = kind === "change" ? !data.steps.length : !data.points.length;
    if (isEmpty) element.closest("figure").hidden = true;
    else keep(element, () => COMPARED[kind](data));
  }
}

document.querySelectorAll("article.result").forEach(startResult);
const compared = parsed(document.getElementById("compared-data"));
document.querySelectorAll("section.compared").forEach((section) => startCompared(section, compared));
document.querySelectorAll("table.texts").forEach(sortableTexts);
startPage();
