// What all pictures have in common: colours of the page, and the layout.

const NARROW = 640; // pixels of a window that has room for few words beside or below a picture
const HOVER = 70; // characters of a line in a hover label

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function layoutOf(more) {
  // Without SI prefixes: "600u" beside "ms" would be a thousandth of what it means.
  const axis = { gridcolor: colour("line"), zeroline: false, automargin: true, exponentformat: "none" };
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("ink"), size: 13, family: "system-ui, sans-serif" },
    margin: { l: 50, r: 10, t: 34, b: 48 }, // above: plotly's buttons; below: the axis' title
    showlegend: false,
    hoverlabel: { align: "left", bgcolor: colour("panel"), font: { color: colour("ink") } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("soft"), activecolor: colour("ink") },
    ...more,
    xaxis: { ...axis, ...more.xaxis }, yaxis: { ...axis, ...more.yaxis },
  };
}
