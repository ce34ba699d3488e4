// The model, its blocks and their layers as rectangles, whose area is time.

// The rectangles: the model, each block where its first layer is, and the layers.
function rectangles(result) {
  const model = { id: "model", parent: "", label: result.name, ms: 0, tint: colour("panel"), longest: 0 };
  const blocks = new Map(), all = [model];
  const tints = new Map(result.data.kinds.map((kind) => [kind, kindColour(kind)]));
  result.data.own.forEach((time, i) => {
    const { block, label, kind } = result.table.rows[i];
    const name = block || "in no block";
    if (!blocks.has(name)) {
      blocks.set(name, { id: `block ${blocks.size}`, parent: "model", label: name, ms: 0, tint: "", longest: 0 });
      all.push(blocks.get(name));
    }
    const home = blocks.get(name), ms = time ?? 0;
    const layer = { id: `layer ${i}`, parent: home.id, label, ms, own: ms, tint: tints.get(kind), hover: hoverOf(result, i) };
    // Thousands take seconds to draw, of which a few blocks are looked into: the table has them.
    if (!result.data.isMany) all.push(layer);
    model.ms += ms;
    home.ms += ms;
    // A block has the colour of its longest layer.
    if (ms >= home.longest) [home.longest, home.tint] = [ms, layer.tint];
  });
  return all;
}

// Black or white, whichever is easier to read on a colour; plotly's own choice is grey on orange.
// Source: relative luminance and contrast of the Web Content Accessibility Guidelines 2.2.
function inkOn(tint) {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(tint.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  // Above this, black has the higher contrast: (l + 0.05) / 0.05 > 1.05 / (l + 0.05).
  return luminance > 0.179 ? "#000000" : "#ffffff";
}

function blocks(result) {
  const all = rectangles(result);
  const shares = all.map(({ ms }) => `${ms.toPrecision(3)} ms, ${((100 * ms) / (all[0].ms || 1)).toFixed(1)} %`);
  const labels = all.map((one) => plain(one.label));
  return [[{
    type: "treemap", maxdepth: 2, // a block's layers are drawn when it is selected
    ids: all.map((one) => one.id), parents: all.map((one) => one.parent), labels,
    // Only what has nothing inside has a value, and plotly adds them up: with sums beside them, rounding could leave a
    // block no room for its layers.
    values: all.map((one) => one.own ?? (result.data.isMany && one.parent ? one.ms : 0)), branchvalues: "remainder",
    text: shares, textinfo: "label+text", hoverinfo: "text",
    hovertext: all.map((one, i) => one.hover ?? `${labels[i]}<br>${shares[i]}`),
    textfont: { color: all.map((one) => inkOn(one.tint)) },
    marker: { colors: all.map((one) => one.tint), line: { color: colour("paper") } }, tiling: { pad: 1 },
  }], layoutOf({ margin: { l: 5, r: 5, t: 30, b: 5 } })];
}

CHARTS.blocks = blocks;
