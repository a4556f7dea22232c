/** A bar chart of ratios as SVG: readable on light and dark pages, with a title for screen readers. */
import { toRows } from './tables.mjs';

const WIDTH = 860;
const LABELS = 420;
const BAR = 22;
const STEP = 30;
const HEAD = 56;
const OURS = '#2f6fde';
const THEIRS = '#8a94a6';

export function toChart(table, title) {
  const rows = toRows(table).filter(({ figure }) => figure !== undefined);
  const longest = Math.max(...rows.map(({ ratio }) => ratio));
  const scale = (WIDTH - LABELS - 70) / longest;
  const height = HEAD + rows.length * STEP + 12;
  const one = LABELS + scale;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="13">
<title id="title">${escape(title)}</title>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="16" y="28" font-size="16" font-weight="600" fill="#1b2330">${escape(title)}</text>
${rows.map((row, index) => bar(row, HEAD + index * STEP, scale)).join('\n')}
<line x1="${one}" x2="${one}" y1="${HEAD - 8}" y2="${height - 8}" stroke="#1b2330" stroke-dasharray="3 3"/>
</svg>
`;
}

function bar({ id, name, ratio }, y, scale) {
  const width = Math.round(ratio * scale);
  const middle = y + BAR / 2 + 5;
  const color = /^(connect|event)/.test(id) ? OURS : THEIRS;
  return [
    `<text x="${LABELS - 10}" y="${middle}" text-anchor="end" fill="#1b2330">${escape(shorten(name))}</text>`,
    `<rect x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="3" fill="${color}"/>`,
    `<text x="${LABELS + width + 8}" y="${middle}" fill="#1b2330">${ratio.toFixed(2)} ×</text>`,
  ].join('\n');
}

const shorten = (name) => name.replaceAll('`', '').replace('socketio-authorize, ', 'socketio-authorize: ');

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
