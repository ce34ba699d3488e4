// Times over runs, in their order, with intervals; a dotted line is another environment.

const MOST_LABELS = 12; // below the axis; the table has all

function trend(section) {
  const { runs } = section.data;
  const places = runs.map((_, i) => i);
  const step = Math.ceil(runs.length / (window.innerWidth < NARROW ? MOST_LABELS / 2 : MOST_LABELS));
  const shown = places.filter((i) => i % step === 0);
  const changes = places.filter((i) => i > 0 && runs[i].change);
  return [[{
    type: "scatter", mode: "lines+markers", x: places, y: runs.map((run) => run.ms),
    error_y: {
      type: "data", symmetric: false, thickness: 1.5, color: colour("soft"),
      array: runs.map((run) => (run.high ?? run.ms) - run.ms),
      arrayminus: runs.map((run) => run.ms - (run.low ?? run.ms)),
    },
    line: { color: colour("accent"), width: 1.5 }, marker: { size: 7 }, hoverinfo: "text",
    hovertext: runs.map((run) => [run.words, inMs(run.ms), run.change].filter(Boolean).map((text) => plain(shortened(text, HOVER))).join("<br>")),
  }], layoutOf({
    hovermode: "closest",
    xaxis: { tickvals: shown, ticktext: shown.map((i) => plain(shortened(runs[i].short, 12))), range: [-0.5, runs.length - 0.5] },
    yaxis: { title: { text: "ms" } },
    shapes: changes.map((i) => ({
      type: "line", x0: i - 0.5, x1: i - 0.5, yref: "paper", y0: 0, y1: 1, line: { color: colour("warning"), dash: "dot", width: 2 },
    })),
  })];
}
