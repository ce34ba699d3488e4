// What the page has in it: figures of each result, and packed times that are unpacked when asked for.

const STEPS = 65535; // of a packed number, as in embed.py

function parsed(element) {
  return JSON.parse(element.textContent);
}

// One row of base64 of 16-bit numbers, little-endian, as numbers between low and high.
function unpacked(text, row, count, low, high) {
  // 6 bytes are 8 characters, so a slice that begins at a multiple of 3 numbers can be decoded alone.
  const first = row * count;
  const start = first - (first % 3);
  const chars = text.slice((start / 3) * 8, Math.ceil(((first + count) * 8) / 3 / 4) * 4 + 4);
  const bytes = atob(chars.slice(0, chars.length - (chars.length % 4)));
  const numbers = [];
  for (let i = first - start; i < first - start + count; i += 1) {
    const step = bytes.charCodeAt(2 * i) + 256 * bytes.charCodeAt(2 * i + 1);
    numbers.push(low + ((high - low || 1) * step) / STEPS);
  }
  return numbers;
}

// The histogram of one row: where its bars are, how wide, and the part of the iterations in each.
function histogramOf(spread, row) {
  const [low, high] = [spread.low[row], spread.high[row]];
  const width = (high - low) / (spread.bars - 1);
  const shares = unpacked(spread.shares, row, spread.bars, 0, spread.tallest[row]);
  return { middles: shares.map((_, i) => low + width * (i + 0.5)), shares, width };
}

// The series of one row: iterations, and the median time at each.
function seriesOf(spread, row) {
  const times = unpacked(spread.series, row, spread.points, spread.least[row], spread.most[row]);
  return { iterations: times.map((_, i) => i * spread.perPoint), times };
}

// What is known of a layer, as pairs of a label and a text.
function factsOf(data, place) {
  return data.labels.map((label, i) => [label, data.facts[place][i]]).filter((fact) => fact[1]);
}

// A text as it is: plotly reads a little HTML in its labels, and names are not ours.
function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

// A text no longer than so many characters, the middle left out.
function shortened(text, most) {
  if (text.length <= most) return text;
  const half = Math.floor((most - 3) / 2);
  return `${text.slice(0, half)}...${text.slice(-half)}`;
}

function inMs(value) {
  return value === null ? "not known" : `${value.toPrecision(4)} ms`;
}
