// The pictures of a comparison.

// The axis is cut: what changes is a few per cent of the whole, of which a bar from 0 would show nothing.
function change(data) {
  const levels = [];
  for (const [, ms, isTotal] of data.steps) levels.push(isTotal ? ms : levels.at(-1) + ms);
  const [low, high] = [Math.min(...levels), Math.max(...levels)];
  const room = (high - low || high || 1) * 0.25;
  return waterfall(data.steps, true, [Math.max(0, low - room), high + room], window.innerWidth < NARROW ? 22 : 60);
}

// A label at 1, 2 and 5 of every power of ten, in full: plotly's own has the digit alone, "5" for 0.005.
function decades(least, most) {
  const labels = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1) {
    for (const digit of [1, 2, 5]) labels.push(Number(`${digit}e${power}`));
  }
  return { tickmode: "array", tickvals: labels, ticktext: labels.map(String) };
}

// Equal times are on the line; what may be chance is grey.
function points(data) {
  const rows = data.points.filter((row) => row[1] > 0 && row[2] > 0);
  const most = Math.max(...rows.flatMap((row) => [row[1], row[2]]), 0);
  const least = Math.min(...rows.flatMap((row) => [row[1], row[2]]), most);
  const traces = [[false, "accent", "differs"], [true, "ghost", "may be chance"]].map(([isNoise, tint, name]) => {
    const own = rows.filter((row) => row[3] === isNoise);
    return {
      type: "scatter", mode: "markers", name, x: own.map((row) => row[1]), y: own.map((row) => row[2]),
      marker: { color: colour(tint), size: 8, symbol: isNoise ? "circle-open" : "circle" },
      hovertext: own.map((row) => `${plain(shortened(row[0], HOVER))}<br>${inMs(row[1])}, then ${inMs(row[2])}`),
      hoverinfo: "text",
    };
  });
  return [traces, layoutOf({
    showlegend: true, hovermode: "closest", legend: { orientation: "h", y: -0.2 },
    // Logarithmic, because the times of layers differ by a factor of a hundred.
    xaxis: { title: { text: `${plain(data.names[0])}, ms` }, type: "log", ...decades(least, most) },
    yaxis: { title: { text: `${plain(data.names[1])}, ms` }, type: "log", ...decades(least, most) },
    shapes: [{ type: "line", x0: least, x1: most, y0: least, y1: most, line: { color: colour("soft"), dash: "dot" } }],
  })];
}

const COMPARED = { change, points };
