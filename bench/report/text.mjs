/** Tables for people, in the terminal and in Markdown. */
import { toRows } from './rows.mjs';

const COLUMNS = ['', 'median', 'ratio', '95 %', 'promise', 'kept'];

function cellsOf(suite) {
  return toRows(suite).map((row) => {
    const { digits = 3, ratio, low, high } = row;
    const show = (value) => (ratio === undefined ? format(value) : value.toFixed(digits));
    return [
      row.name,
      row.figure === undefined ? '' : `${format(row.figure)} ${row.unit ?? suite.unit}`,
      ratio === undefined ? '' : show(ratio),
      `${show(low)} … ${show(high)}`,
      promiseOf(row),
      row.verdict ?? '',
    ];
  });
}

export function toMarkdown(suite) {
  const lines = [COLUMNS, COLUMNS.map((_, index) => (index === 0 ? '---' : '--:')), ...cellsOf(suite)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function toTerminal(suite) {
  const lines = [COLUMNS, ...cellsOf(suite)].map((cells) => cells.map((cell) => cell.replaceAll('`', '')));
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const body = lines.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
  return [`\n${suite.title}`, suite.note, ...body].join('\n');
}

function promiseOf({ target, atLeast, targetFigure, digits = 2 }) {
  if (target !== undefined) return `≤ ${target.toFixed(digits)}`;
  if (targetFigure !== undefined) return `≤ ${targetFigure}`;
  return atLeast === undefined ? '' : `≥ ${atLeast.toFixed(digits)}`;
}

export function format(figure) {
  return Math.abs(figure) >= 100 ? figure.toFixed(0) : figure.toPrecision(3);
}
