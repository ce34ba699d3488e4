// The pictures of one result. Each takes the result and returns plotly's traces and layout.

const BAR = 0.85; // width of a bar, of the distance between layers
const FEW = 20; // layers up to which each has its number below it

function kindColour(kind) {
  return colour(`k-${kind.replaceAll(" ", "-")}`) || colour("k-other");
}

// Bars lie where their names have no room below them: plotly leaves out what would stand over the edge.
const STEP_ROOM = 85; // pixels of a window for each bar, found by trying names as long as "waiting for the host"

function isCrowded(steps) {
  return window.innerWidth < Math.max(NARROW, steps.length * STEP_ROOM);
}

// Totals and changes; a name that is there twice still has a bar of its own.
function waterfall(steps, isNarrow = isCrowded(steps), range = undefined, most = 28) {
  const places = steps.map((_, i) => i), times = steps.map((step) => step[1]);
  const [names, amounts] = isNarrow ? ["yaxis", "xaxis"] : ["xaxis", "yaxis"];
  const trace = {
    type: "waterfall", orientation: isNarrow ? "h" : "v",
    x: isNarrow ? times : places, y: isNarrow ? places : times,
    measure: steps.map((step, i) => (i && step[2] ? "total" : i ? "relative" : "absolute")),
    text: steps.map(stepText), textposition: "outside", cliponaxis: false, constraintext: "none",
    hovertext: steps.map((step) => `${plain(step[0])}<br>${inMs(step[1])}`), hoverinfo: "text",
    increasing: { marker: { color: colour("up") } },
    decreasing: { marker: { color: colour("down") } },
    totals: { marker: { color: colour("total") } },
    connector: { line: { color: colour("line") } },
  };
  const labels = steps.map((step) => plain(shortened(step[0], most)));
  return [[trace], layoutOf({
    margin: { l: 50, r: isNarrow ? 45 : 10, t: 34, b: 40 },
    [names]: { tickvals: places, ticktext: labels, showgrid: false, autorange: isNarrow ? "reversed" : true },
    [amounts]: { title: { text: "ms" }, rangemode: "tozero", range },
  })];
}

function stepText([, ms, isTotal]) {
  if (ms === null) return "";
  const sign = !isTotal && ms > 0 ? "+" : "";
  // No more digits than the tables: a clock has steps of microseconds.
  return sign + (Math.abs(ms) < 0.01 ? ms.toFixed(4) : ms.toPrecision(3));
}

// Made once for each layer: two pictures have them, and every change of colours draws both again.
function hoverOf(result, i) {
  return (result.hovers[i] ??= madeHover(result, i));
}

function madeHover(result, i) {
  const row = result.table.rows[i];
  const facts = factsOf(result.data, i).map(([label, text]) => `${label}: ${shortened(text, HOVER)}`);
  return [
    shortened(row.label, HOVER), `${inMs(result.data.own[i])}, as measured ${inMs(result.data.raw[i])}`,
    [row.kind, row.block, row.precision].filter(Boolean).join(", "), ...facts,
  ].map(plain).join("<br>");
}

// A line that goes up and down at every layer: one path however many there are.
function sticks(places, heights) {
  const x = [], y = [];
  for (const i of places) {
    x.push(i, i, i);
    y.push(0, heights[i], null);
  }
  return { type: "scatter", mode: "lines", line: { width: 1.5 }, x, y };
}

// A band behind the selected layer, as wide as a bar but never too thin to see.
function marked(result) {
  if (result.selected === null) return [];
  const half = Math.max(0.5, result.data.own.length / 400);
  return [{
    type: "rect", layer: "below", xref: "x", yref: "paper", y0: 0, y1: 1, line: { width: 0 },
    x0: result.selected - half, x1: result.selected + half, fillcolor: colour("accent"), opacity: 0.3,
  }];
}

function layers(result) {
  const { own, raw, kinds, isMany } = result.data;
  const every = own.map((_, i) => i);
  // A width of their own: plotly takes it from the least distance of bars of one colour.
  const ghost = isMany ? sticks(every, raw) : { type: "bar", x: every, y: raw, width: BAR };
  const traces = [{ ...ghost, name: "as measured", hoverinfo: "skip", marker: { color: colour("ghost") } }];
  if (isMany) traces[0].line = { width: 1.5, color: colour("ghost") };
  for (const kind of kinds) {
    const places = every.filter((i) => result.table.rows[i].kind === kind);
    const tint = kindColour(kind);
    const shape = isMany
      ? { ...sticks(places, own), line: { width: 1.5, color: tint } }
      : { type: "bar", x: places, y: places.map((i) => own[i]), width: BAR, marker: { color: tint } };
    const texts = places.map((i) => hoverOf(result, i));
    const hovertext = isMany ? texts.flatMap((text) => [text, text, ""]) : texts;
    traces.push({ ...shape, name: plain(kind), hovertext, hoverinfo: "text" });
  }
  return [traces, layoutOf({
    barmode: "overlay", hovermode: "closest", shapes: marked(result),
    xaxis: { title: { text: "layer, in order of execution" }, range: [-0.6, own.length - 0.4], dtick: own.length <= FEW ? 1 : undefined },
    yaxis: { title: { text: "ms" }, rangemode: "tozero" },
  })];
}

function curve(result) {
  const points = result.data.curve;
  return [[{
    type: "scatter", mode: "lines", line: { color: colour("accent"), width: 3 },
    x: points.map((point) => point[0]), y: points.map((point) => point[1]),
    hovertemplate: "%{x} layers: %{y:.1%}<extra></extra>",
  }], layoutOf({
    xaxis: { title: { text: "layers, longest first" }, rangemode: "tozero" },
    yaxis: { tickformat: ".0%", range: [0, 1.02] },
    shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 0.5, y1: 0.5, line: { color: colour("soft"), dash: "dot" } }],
  })];
}

// The chosen pass, or the selected layer: its packed times and which row of them.
function chosenSpread(result) {
  if (result.series === "layer") return [result.data.spread, result.selected ?? 0, result.table.rows[result.selected ?? 0].label];
  const [title, spread] = result.data.passes[result.series];
  return [spread, 0, title];
}

function histogram(result) {
  const [spread, row, title] = chosenSpread(result);
  const { middles, shares, width } = histogramOf(spread, row);
  return [[{
    type: "bar", x: middles, y: shares, width, marker: { color: colour("accent") },
    hovertemplate: "%{x:.5g} ms: %{y:.1%}<extra></extra>",
  }], layoutOf({
    title: { text: plain(shortened(title, 60)), font: { size: 14 } }, margin: { l: 50, r: 10, t: 35, b: 40 },
    xaxis: { title: { text: "ms" } }, yaxis: { tickformat: ".0%" },
  })];
}

// Clock and temperature of the rounds, as steps; a streamed run shows the last iterations only.
function roundTraces(rounds, spread) {
  if (!rounds || rounds.ends.at(-1) < spread.iterations) return [];
  const before = rounds.ends.at(-1) - spread.iterations;
  const edges = [0, ...rounds.ends].map((end) => Math.max(0, end - before));
  const [cold, hot] = extent(rounds.celsius);
  const step = (name, values, unit, yaxis, dash) => ({
    type: "scatter", mode: "lines", name, yaxis, x: edges, y: [...values, values.at(-1)],
    line: { shape: "hv", width: 1.5, color: colour("soft"), dash },
    hovertemplate: `%{y} ${unit}<extra></extra>`,
  });
  return [
    step("SM clock", rounds.mhz, "MHz", "y2", "solid"),
    ...(rounds.celsius.some((one) => one !== null) ? [step(cold === hot ? `${hot} °C` : `${cold} to ${hot} °C`, rounds.celsius, "°C", "y3", "dot")] : []),
  ];
}

// Axes of their own, below and above the middle of what they show, so that a steady clock is flat.
function roundAxes(traces) {
  if (!traces.length) return {};
  const axis = { overlaying: "y", showgrid: false, zeroline: false, automargin: true, tickmode: "auto", nticks: 4, tickformat: "d" };
  const [low, high] = extent(traces[0].y);
  const room = Math.max(50, high - low); // MHz: a few steps of a clock are no change to see
  return {
    margin: { l: 50, r: 55, t: 55, b: 40 },
    yaxis2: { ...axis, side: "right", title: { text: "SM clock, MHz" }, range: [low - 3 * room, high + room] },
    ...(traces[1] ? { yaxis3: { ...axis, range: [extent(traces[1].y)[0] - 40, extent(traces[1].y)[1] + 5], showticklabels: false } } : {}),
    showlegend: true, legend: { orientation: "h", x: 0, y: 1, yanchor: "bottom", font: { size: 11 } },
  };
}

function extent(values) {
  const known = values.filter((value) => value !== null);
  return [Math.min(...known), Math.max(...known)];
}

function series(result) {
  const [spread, row, title] = chosenSpread(result);
  const { iterations, times } = seriesOf(spread, row);
  const of = `${spread.isEnd ? "the last " : ""}${spread.iterations} iterations`;
  const each = spread.perPoint > 1 ? `; a point is the median of ${spread.perPoint}` : "";
  const rounds = roundTraces(result.data.rounds, spread);
  return [[{
    type: "scatter", mode: "lines+markers", x: iterations, y: times, name: "time",
    line: { color: colour("accent"), width: 1 }, marker: { size: 4 },
    hovertemplate: "iteration %{x}: %{y:.5g} ms<extra></extra>",
  }, ...rounds], layoutOf({
    title: { text: plain(shortened(title, 60)), font: { size: 14 } }, margin: { l: 50, r: 10, t: 35, b: 40 },
    ...roundAxes(rounds),
    xaxis: { title: { text: `iteration, of ${of}${each}` } }, yaxis: { title: { text: "ms" } },
  })];
}

const CHARTS = {
  steps: (result) => waterfall(result.data.steps), layers, curve, histogram, series,
};
