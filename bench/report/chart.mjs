/** A bar chart of ratios as SVG: readable on light and dark pages, with a title for screen readers. */
import { toRows } from './tables.mjs';

const WIDTH = 860;
const LABELS = 420;
const BAR = 22;
const STEP = 30;
const HEAD = 46;
const GROUP = 40;
const OURS = '#2f6fde';
const THEIRS = '#8a94a6';
const INK = '#1b2330';

/**
 * @param groups `{ title, table, ids }`: some rows of a table, with their ratios to the table's reference
 * @param title of the whole, for screen readers as well
 */
export function toChart(groups, title) {
  const parts = groups.map(({ table, ids, ...group }) => {
    const rows = toRows(table);
    return { ...group, rows: ids.map((id) => rows.find((row) => row.id === id)) };
  });
  const longest = Math.max(...parts.flatMap(({ rows }) => rows.map(({ ratio }) => ratio)));
  const scale = (WIDTH - LABELS - 70) / longest;
  const drawn = [];
  let y = HEAD;
  for (const { title: heading, rows } of parts) {
    drawn.push(text(16, y + 20, heading, 'font-weight="600"'));
    y += GROUP;
    for (const row of rows) {
      drawn.push(bar(row, y, scale));
      y += STEP;
    }
  }
  const one = LABELS + scale;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" role="img" aria-labelledby="title" font-family="system-ui, sans-serif" font-size="13">
<title id="title">${escape(title)}</title>
<rect width="${WIDTH}" height="${y + 12}" fill="#ffffff"/>
${text(16, 28, title, 'font-size="16" font-weight="600"')}
${drawn.join('\n')}
<line x1="${one}" x2="${one}" y1="${HEAD + 8}" y2="${y}" stroke="${INK}" stroke-dasharray="3 3"/>
</svg>
`;
}

function bar({ id, name, ratio }, y, scale) {
  const width = Math.round(ratio * scale);
  const middle = y + BAR / 2 + 5;
  const color = name.startsWith('socketio-authorize') ? OURS : THEIRS;
  return [
    text(LABELS - 10, middle, shorten(name), 'text-anchor="end"'),
    `<rect id="bar-${id}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="3" fill="${color}"/>`,
    text(LABELS + width + 8, middle, `${ratio.toFixed(2)} ×`),
  ].join('\n');
}

const text = (x, y, content, more = '') =>
  `<text x="${x}" y="${y}" fill="${INK}" ${more}>${escape(content)}</text>`;

const shorten = (name) => name.replaceAll('`', '').replace('socketio-authorize, ', 'socketio-authorize: ');

function escape(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
