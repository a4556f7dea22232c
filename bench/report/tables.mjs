/** Tables for people, in the terminal and in Markdown. */
import { COLUMNS as FLOOD_COLUMNS, toCells as toFloodCells } from './floods.mjs';
import { confidence, median, pairedRatios } from '../support/statistics.mjs';

const COLUMNS = ['', 'median', 'ratio', '95 %', 'goal', 'noise', 'met'];

const VERDICTS = new Map([
  [undefined, ''],
  [true, 'yes'],
  [false, 'no'],
]);

function cellsOf(table) {
  return toRows(table).map((row) => {
    const { digits = 3, ratio, low, high } = row;
    const show = (value) => (ratio === undefined ? format(value) : value.toFixed(digits));
    return [
      row.name,
      row.figure === undefined ? '' : `${format(row.figure)} ${row.unit ?? table.unit}`,
      ratio === undefined ? '' : show(ratio),
      `${show(low)} … ${show(high)}`,
      goalOf(row),
      row.isMet === undefined ? '' : `± ${show(row.noise)}`,
      VERDICTS.get(row.isMet),
    ];
  });
}

export function toMarkdown(table) {
  const lines = [COLUMNS, COLUMNS.map((_, index) => (index === 0 ? '---' : '--:')), ...cellsOf(table)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Any table of the benchmark, for the terminal. */
export function toTerminal(table) {
  const [heads, cells] = partsOf(table);
  const lines = [heads, ...cells].map((line) => line.map((cell) => cell.replaceAll('`', '')));
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const body = lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
  return [`\n${table.title}`, ...(table.note ? [table.note] : []), ...body].join('\n');
}

function partsOf(table) {
  if (table.floods) return [FLOOD_COLUMNS, toFloodCells(table)];
  return table.shares ? shareParts(table.shares) : [COLUMNS, cellsOf(table)];
}

function shareParts(shares) {
  const spenders = [...new Set(Object.values(shares).flatMap(Object.keys))];
  const columns = Object.values(shares);
  const cells = spenders.map((one) => [one].concat(columns.map((share) => format(share[one] ?? 0))));
  return [['', ...Object.keys(shares)], cells];
}

function goalOf({ target, atLeast, targetFigure, digits = 2 }) {
  if (target !== undefined) return `≤ ${target.toFixed(digits)}`;
  if (targetFigure !== undefined) return `≤ ${targetFigure}`;
  return atLeast === undefined ? '' : `≥ ${atLeast.toFixed(digits)}`;
}

export function format(figure) {
  return Math.abs(figure) >= 100 ? figure.toFixed(0) : figure.toPrecision(3);
}

/**
 * Turns a table's samples into rows that can be shown: figure, ratio, interval, noise, and whether the goal is met. A row has a goal for
 * its ratio (`target`, `atLeast`), for its figure (`targetFigure`), or none.
 */
export function toRows(table) {
  return table.rows.map((row) =>
    row.targetFigure || row.isFigure ? figureRow(row, table) : ratioRow(row, table),
  );
}

function ratioRow(row, table) {
  const figures = table.samples[row.figures ?? row.id];
  const base = table.samples[row.reference ?? table.reference];
  const ratios = pairedRatios(figures, base);
  const ratio = median(ratios);
  const [low, high] = confidence(ratios);
  const figure = row.figures === undefined ? median(figures) : undefined;
  return { ...row, figure, ratio, low, high, noise: ratioNoise(row, table), isMet: isMet(row, ratio) };
}

function figureRow(row, { samples }) {
  const figures = samples[row.id];
  const [low, high] = confidence(figures);
  const figure = median(figures);
  const [noiseLow, noiseHigh] = row.noiseRow ? confidence(samples[row.noiseRow]) : [0, 0];
  const noise = Math.max(0, noiseHigh, -noiseLow);
  return { ...row, figure, low, high, noise, isMet: isMet({ target: row.targetFigure }, figure) };
}

/** How far the A/A row's interval reaches from 1: what two equal servers differ by in this run. */
function ratioNoise({ noiseRow = 'noise', reference }, table) {
  if (table.samples[noiseRow] === undefined) return 0;
  const base = table.samples[noiseRow === 'noise' ? table.reference : reference];
  const [low, high] = confidence(pairedRatios(table.samples[noiseRow], base));
  return Math.max(0, high - 1, 1 - low);
}

/** By the median alone; the noise stands beside it. `undefined` without a goal. */
function isMet({ target, atLeast }, middle) {
  if (target !== undefined) return middle <= target;
  return atLeast === undefined ? undefined : middle >= atLeast;
}
