// Puts a page of sections together: draws their pictures, and opens the report of what is clicked.

const PICTURES = { heat, lines, front, trend };

function isEmpty(section, kind) {
  if (kind === "lines") return batchesOf(section.data.cells).length < 2;
  if (kind === "front") return frontCells(section).length < 2;
  return kind === "trend" ? !section.data.runs.length : !section.data.cells.length;
}

function startSection(element) {
  const section = { data: parsed(element.querySelector("script.data")), choice: 0 };
  for (const chart of element.querySelectorAll("[data-chart]")) {
    const kind = chart.dataset.chart;
    if (isEmpty(section, kind)) {
      chart.closest("figure").hidden = true;
      continue;
    }
    keep(chart, () => PICTURES[kind](section));
    chart.on("plotly_click", (event) => {
      // Addresses beside this page, which trtcore wrote; a name is never part of one.
      if (event.points[0].customdata) location.assign(event.points[0].customdata);
    });
  }
  const field = element.querySelector("[data-choice]");
  if (!field) return;
  field.form.hidden = false;
  field.form.addEventListener("submit", (event) => event.preventDefault());
  for (const kind of ["input", "change"]) {
    field.addEventListener(kind, () => {
      section.choice = Number(field.value);
      redraw();
    });
  }
}

document.querySelectorAll("section.drawn").forEach(startSection);
startPage();
