// The roofline: operations a second over operations a byte, below the peaks of the device.

const BOUND_TINTS = { compute: "k-matmul", memory: "k-normalization", latency: "k-reformat", unknown: "ghost" };
const WIDEST = 32; // pixels of the longest group's marker; its area is time

function roofline(result) {
  const { peaks, bandwidth, points: groups } = result.data.roofline;
  const reach = [Math.min(...groups.map((group) => group[1])) / 2, Math.max(...groups.map((group) => group[1])) * 2];
  const most = Math.max(...groups.map((group) => group[3]));
  const roofs = peaks.map(([dtype, tflops]) => {
    const ridge = (tflops * 1000) / bandwidth; // FLOP/B: 10^12 over 10^9
    const x = [reach[0], Math.min(Math.max(ridge, reach[0]), reach[1]), reach[1]];
    return {
      type: "scatter", mode: "lines", name: `${plain(dtype)} peak`, line: { color: colour("soft"), width: 1.5 },
      x, y: x.map((at) => Math.min(tflops, (at * bandwidth) / 1000)), hoverinfo: "name",
    };
  });
  const bounds = Object.keys(BOUND_TINTS).filter((bound) => groups.some((group) => group[4] === bound));
  const clouds = bounds.map((bound) => {
    const own = groups.filter((group) => group[4] === bound);
    return {
      type: "scatter", mode: "markers", name: `${bound}-bound`,
      x: own.map((group) => group[1]), y: own.map((group) => group[2]), hoverinfo: "text",
      hovertext: own.map((group) => `${plain(shortened(group[0], HOVER))}<br>${inMs(group[3])}, ${group[2]} TFLOP/s, ${group[1]} FLOP/B<br>${bound}-bound`),
      marker: { color: colour(BOUND_TINTS[bound]), opacity: 0.8, size: own.map((group) => Math.max(4, WIDEST * Math.sqrt(group[3] / most))) },
    };
  });
  return [[...roofs, ...clouds], layoutOf({
    showlegend: true, legend: { orientation: "h", y: -0.2 }, hovermode: "closest",
    xaxis: { title: { text: "FLOP/B" }, type: "log", dtick: 1, exponentformat: "none" },
    yaxis: { title: { text: "TFLOP/s" }, type: "log", dtick: 1, exponentformat: "none" },
  })];
}

CHARTS.roofline = roofline;
