// The pictures of a sweep. Each takes a section and returns plotly's traces and layout.

const SERIES_TINTS = ["k-convolution", "k-normalization", "k-matmul", "k-attention", "k-softmax", "k-elementwise", "k-quantization", "k-data-movement"];
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "x", "star", "cross", "pentagon"];
const WORDS = 34; // characters of a cell's options on an axis, NARROW_WORDS in a narrow window
const NARROW_WORDS = 16;
const LABEL_ROOM = [0.2, 0.08]; // of the width and height of the front, that a name takes
const WIDE_RANGE = 8; // from the least to the most: above it an axis is logarithmic

function axisWords(text) {
  return plain(shortened(text, window.innerWidth < NARROW ? NARROW_WORDS : WORDS));
}

// A figure to four digits, as the tables have it, without an exponent where it can be.
function rounded(value) {
  if (value === 0 || (Math.abs(value) >= 0.001 && Math.abs(value) < 1e7)) {
    return Number(value.toPrecision(4)).toLocaleString("en", { maximumSignificantDigits: 4 });
  }
  return value.toExponential(2);
}

function batchesOf(cells) {
  return [...new Set(cells.map((cell) => cell.batch))].sort((a, b) => a - b);
}

function seriesNames(cells) {
  return [...new Set(cells.map((cell) => cell.series))];
}

function hoverOfCell(section, cell) {
  const { figures } = section.data;
  const lines = figures.filter((figure) => cell.values[figure.name])
    .map((figure) => `${figure.label}: ${cell.values[figure.name].text}${cell.best.includes(figure.name) ? " *" : ""}`);
  const more = [cell.front ? "on the front" : "", cell.link ? "click: its own report" : ""].filter(Boolean);
  return [shortened(cell.words, HOVER), ...lines, ...more].map(plain).join("<br>");
}

function chosen(section) {
  return section.data.figures[section.choice];
}

// A row for each kind of cell, a column for each batch; the scale is that of ratios.
function heat(section) {
  const { cells } = section.data, figure = chosen(section);
  const batches = batchesOf(cells), names = seriesNames(cells);
  const at = (name, batch) => cells.find((cell) => cell.series === name && cell.batch === batch);
  const grid = names.map((name) => batches.map((batch) => at(name, batch)));
  const value = (cell) => cell?.values[figure.name]?.value ?? null;
  const shade = (one) => (one === null ? null : one > 0 ? Math.log10(one) : -12);
  return [[{
    type: "heatmap", x: batches.map(String), y: names.map((_, i) => i),
    z: grid.map((row) => row.map((cell) => shade(value(cell)))),
    text: grid.map((row) => row.map((cell) => (value(cell) === null ? "" : `${rounded(value(cell))}${cell.best.includes(figure.name) ? " *" : ""}`))),
    texttemplate: "%{text}", textfont: { color: colour("ink") }, hoverinfo: "text", xgap: 3, ygap: 3, showscale: false,
    hovertext: grid.map((row) => row.map((cell) => (cell ? hoverOfCell(section, cell) : ""))),
    customdata: grid.map((row) => row.map((cell) => cell?.link ?? "")),
    colorscale: [[0, colour("heat-low")], [1, colour("heat-high")]],
  }], layoutOf({
    title: { text: plain(figure.label), font: { size: 14 } },
    xaxis: { title: { text: "batch" }, type: "category", showgrid: false },
    yaxis: { tickvals: names.map((_, i) => i), ticktext: names.map(axisWords), autorange: "reversed", showgrid: false },
  })];
}

// A line for each kind of cell over the batch.
function lines(section) {
  const { cells } = section.data, figure = chosen(section);
  const known = cells.filter((cell) => cell.values[figure.name]?.value > 0);
  const traces = seriesNames(known).map((name, i) => {
    const own = known.filter((cell) => cell.series === name).sort((a, b) => a.batch - b.batch);
    const values = own.map((cell) => cell.values[figure.name]);
    return {
      type: "scatter", mode: "lines+markers", name: axisWords(name),
      x: own.map((cell) => cell.batch), y: values.map((one) => one.value),
      error_y: {
        type: "data", symmetric: false, thickness: 1.5,
        array: values.map((one) => (one.high ?? one.value) - one.value),
        arrayminus: values.map((one) => one.value - (one.low ?? one.value)),
      },
      line: { color: colour(SERIES_TINTS[i % SERIES_TINTS.length]), width: 2 },
      // By shape too, for readers who do not see hues.
      marker: { size: 9, symbol: SYMBOLS[i % SYMBOLS.length] },
      hoverinfo: "text", hovertext: own.map((cell) => hoverOfCell(section, cell)),
      customdata: own.map((cell) => cell.link),
    };
  });
  const batches = batchesOf(known);
  return [traces, layoutOf({
    showlegend: traces.length > 1, legend: { orientation: "h", y: -0.22 }, hovermode: "closest",
    xaxis: { title: { text: "batch" }, type: "log", tickvals: batches, ticktext: batches.map(String) },
    yaxis: { title: { text: plain(figure.label) }, ...scaleOf(known.map((cell) => cell.values[figure.name].value)) },
  })];
}

// From 0, or logarithmic with labels at 1, 2 and 5 of each decade, which plotly would shorten.
function scaleOf(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (most <= WIDE_RANGE * least) return { rangemode: "tozero" };
  const ticks = [];
  for (let decade = Math.floor(Math.log10(least)); decade <= Math.log10(most); decade += 1) {
    ticks.push(...[1, 2, 5].map((one) => Number(`${one}e${decade}`)));
  }
  return { type: "log", tickvals: ticks, ticktext: ticks.map(rounded) };
}

function frontCells(section) {
  return section.data.cells.filter((cell) => cell.values.latency_ms?.value > 0 && cell.values.items_per_s?.value > 0);
}

// Names of the cells on the front, of those that would lie on each other the first one's only.
function frontNames(cells) {
  const spread = (name) => Math.log(Math.max(...cells.map((c) => c.values[name].value)) / Math.min(...cells.map((c) => c.values[name].value))) || 1;
  const [wide, high] = [spread("items_per_s"), spread("latency_ms")];
  const apart = (one, other, name) => Math.abs(Math.log(one.values[name].value / other.values[name].value));
  const named = [];
  return cells.map((cell) => {
    const isClose = named.some((one) => apart(cell, one, "items_per_s") < LABEL_ROOM[0] * wide && apart(cell, one, "latency_ms") < LABEL_ROOM[1] * high);
    if (isClose) return "";
    named.push(cell);
    return plain(shortened(cell.short, NARROW_WORDS));
  });
}

// Lower and to the right is better: latency upwards, items a second to the right.
function front(section) {
  const cells = frontCells(section);
  const clouds = [[false, "ghost", "another cell is better"], [true, "accent", "on the front"]].map(([isOn, tint, name]) => {
    const own = cells.filter((cell) => cell.front === isOn).sort((a, b) => a.values.latency_ms.value - b.values.latency_ms.value);
    const isJoined = isOn && !section.data.hasError && own.length > 1;
    return {
      type: "scatter", name, mode: isJoined ? "lines+markers+text" : isOn ? "markers+text" : "markers",
      x: own.map((cell) => cell.values.items_per_s.value), y: own.map((cell) => cell.values.latency_ms.value),
      text: isOn && own.length ? frontNames(own) : [], textposition: "top center",
      line: { color: colour("accent"), width: 1.5, dash: "dot", shape: "hv" },
      marker: { color: colour(tint), size: 10, symbol: isOn ? "circle" : "circle-open", line: { width: 2 } },
      hoverinfo: "text", hovertext: own.map((cell) => hoverOfCell(section, cell)),
      customdata: own.map((cell) => cell.link), cliponaxis: false,
    };
  });
  return [clouds, layoutOf({
    showlegend: true, legend: { orientation: "h", y: -0.22 }, hovermode: "closest",
    xaxis: { title: { text: "items/s" }, ...scaleOf(cells.map((cell) => cell.values.items_per_s.value)) },
    yaxis: { title: { text: "latency, ms" }, ...scaleOf(cells.map((cell) => cell.values.latency_ms.value)) },
  })];
}
