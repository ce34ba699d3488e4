// Draws pictures, again when the colours change, and copies commands.

const CONFIG = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "pan2d", "zoom2d", "sendDataToCloud"] };
const DRAWN = []; // every picture, to draw again in other colours

function draw(element, make) {
  const [traces, layout] = make();
  // Not newPlot: plotly keeps its element and only changes what differs.
  Plotly.react(element, traces, layout, CONFIG);
}

function keep(element, make) {
  DRAWN.push([element, make]);
  draw(element, make);
}

function startCopies() {
  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
    });
  }
}

function redraw() {
  for (const [element, make] of DRAWN) draw(element, make);
}

function startPage() {
  startCopies();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // Printed in the colours of paper, whatever the screen has, and with what is folded away.
  matchMedia("print").addEventListener("change", (event) => {
    for (const part of document.querySelectorAll("details")) {
      if (event.matches) part.dataset.wasOpen = part.open;
      part.open = event.matches || part.dataset.wasOpen === "true";
    }
    redraw();
  });
  document.documentElement.dataset.ready = "true";
}
