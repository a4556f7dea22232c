/** The table of floods, for `docs/security.md` and the terminal. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { GOALS, MAX_HELD, MAX_SENT, MAX_SESSION } from '../floods.mjs';
import { confidence, median, pairedRatios } from '../support/statistics.mjs';
import { DOCS, writeDocument } from './document.mjs';

const BEGIN = '<!-- floods: written by `npm run bench -- floods` -->';
const END = '<!-- /floods -->';
const COLUMNS = ['what clients send', 'CPU', 'held', 'held at the end', 'sent back', 'goals'];

/** Cells of every row. */
export function toCells({ floods }) {
  return floods.map((flood) => {
    const { cpu, held, left, sent } = figuresOf(flood);
    const [low, high] = cpu.interval;
    return [
      flood.name,
      `${cpu.ratio.toFixed(2)} (${low.toFixed(2)} … ${high.toFixed(2)})`,
      mebibytes(held),
      mebibytes(left),
      `${sent.ours.toFixed(2)} (${sent.plain.toFixed(2)})`,
      missesOf(flood).join(', ') || 'met',
    ];
  });
}

export { COLUMNS };

/** What is above its goal; of what the server sends back, the server without the library may set the measure. */
export function missesOf(flood) {
  const { cpu, held, left, sent } = figuresOf(flood);
  const goal = GOALS[flood.kind];
  return [
    cpu.ratio > (goal.cpu ?? Infinity) && `CPU above ${goal.cpu}`,
    held > MAX_HELD + flood.mayHold + flood.open * MAX_SESSION && 'held',
    left > MAX_HELD && 'held at the end',
    sent.ours > Math.max(MAX_SENT, sent.plain) && 'sent back',
  ].filter((miss) => typeof miss === 'string');
}

function figuresOf({ plain, ours }) {
  const above = (name) => median(ours.map((figure, round) => figure[name] - plain[round][name]));
  const ratios = pairedRatios(column(ours, 'cpu'), column(plain, 'cpu'));
  return {
    cpu: { ratio: median(ratios), interval: confidence(ratios) },
    held: above('held'),
    left: above('left'),
    sent: { ours: sentBack(ours), plain: sentBack(plain) },
  };
}

const column = (figures, name) => figures.map((figure) => figure[name]);
const sentBack = (figures) => median(pairedRatios(column(figures, 'sent'), column(figures, 'received')));
const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(2).replace('-0.00', '0.00')} MiB`;

/** Puts the table between its marks in `docs/security.md`. */
export async function writeFloods(table, machine) {
  const path = resolve(DOCS, 'security.md');
  const text = readFileSync(path, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${path} has no place for the table of floods`);
  await writeDocument(
    path,
    `${text.slice(0, begin)}${BEGIN}\n\n${toSection(table, machine)}\n\n${text.slice(end)}`,
  );
}

function toSection(table, machine) {
  const missed = table.floods.filter((flood) => missesOf(flood).length > 0);
  const lines = [COLUMNS, COLUMNS.map((_, index) => (index === 0 ? '---' : '--:')), ...toCells(table)];
  return `Each row is the same bytes, sent to a server with the library and to one without it, in one run (${machine}).

- _CPU_: of the server's process, as a ratio to the server without the library, with the 95 % confidence interval of the
  median. Goals: at most ${GOALS.event.cpu} for events and ${GOALS.connect.cpu} for CONNECT packets. A verification or an acknowledgement that a
  client may ask for has no goal: \`limiter\` bounds the former.
- _Held_: what the garbage collector leaves, above the server without the library; while the clients are connected, and
  when they have left. Goal: at most ${MAX_HELD / 2 ** 20} MiB, besides ${MAX_SESSION} bytes for each socket that the flood leaves open, and the 16 MiB
  that the events of pending sockets may take.
- _Sent back_: bytes for each byte received, and in parentheses the same without the library. Goal: at most ${MAX_SENT}, or what the
  server sends without the library.

${missed.length === 0 ? 'All goals are met.' : `Of ${table.floods.length} floods, ${missed.length} miss a goal.`}

${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}
