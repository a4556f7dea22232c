import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { resolve } from 'node:path';
import { shortName } from './tests.mjs';

const ACCEPTED = resolve(import.meta.dirname, 'accepted.json');
/** Of the faults that are not accepted, the share that tests must notice. */
export const GOAL = 0.95;

/**
 * A fault as people read it: where it is in TypeScript, the compiled line, and what becomes of it.
 *
 * @typedef {{ file: string, line: number, code: string, from: string, to: string, kind: string }} Description
 */

/** @returns {Description} */
export function describe({ file, start, end, text, kind }) {
  const { source, map } = filesOf(file);
  const before = source.slice(0, start).split('\n');
  const position = { line: before.length - 1, column: before.at(-1).length };
  return {
    file: shortName(file).replace(/\.js$/, '.ts'),
    line: lineInTypeScript(map, position),
    code: source.split('\n')[position.line].trim(),
    from: oneLine(source.slice(start, end)),
    to: oneLine(text),
    kind,
  };
}

const known = new Map();

/** A compiled file and its source map, read once. */
function filesOf(file) {
  if (!known.has(file)) {
    const map = existsSync(`${file}.map`) ? JSON.parse(readFileSync(`${file}.map`, 'utf8')) : undefined;
    known.set(file, { source: readFileSync(file, 'utf8'), map: map && new SourceMap(map) });
  }
  return known.get(file);
}

/** Reads why faults that nobody notices may stay: each by its file, its compiled line, and what becomes of it. */
export function acceptedFaults() {
  return JSON.parse(readFileSync(ACCEPTED, 'utf8'));
}

/** @returns {string | undefined} why it may stay */
export function reasonFor(accepted, description) {
  return accepted.find((one) => isSame(one, description))?.reason;
}

/** Accepted faults of these files that cannot be planted any more, since the code has changed. */
export function outdated(accepted, descriptions) {
  const files = new Set(descriptions.map(({ file }) => file));
  return accepted.filter((one) => files.has(one.file) && !descriptions.some((other) => isSame(one, other)));
}

function isSame(one, other) {
  return ['file', 'code', 'from', 'to'].every((key) => one[key] === other[key]);
}

export function line({ file, line: number, kind, from, to }) {
  return `${file}:${number}  ${kind}: ${short(from)} → ${short(to)}`;
}

/**
 * @param {{ description: Description, verdict: import('./judge.mjs').Verdict, reason?: string }[]} results
 * @returns {{ text: string, isGoodEnough: boolean }}
 */
export function summary(results) {
  const files = [...new Set(results.map(({ description }) => description.file))].toSorted();
  const lines = files.map((name) => {
    const some = results.filter(({ description }) => description.file === name);
    return `${name}: ${countsOf(some)}`;
  });
  const survivors = results.filter(isOpen).toSorted(byPlace);
  if (survivors.length > 0) lines.push('', 'Nobody noticed:');
  for (const { description, verdict } of survivors) {
    lines.push(line(description), `    ${description.code}   (${verdict.outcome})`);
  }
  const judged = results.filter(({ reason }) => reason === undefined);
  const share = judged.length === 0 ? 1 : 1 - survivors.length / judged.length;
  lines.push('', `all: ${countsOf(results)}: ${(share * 100).toFixed(1)} % noticed of what is not accepted`);
  return { text: lines.join('\n'), isGoodEnough: share >= GOAL };
}

const isOpen = ({ verdict, reason }) =>
  reason === undefined && (verdict.outcome === 'survived' || verdict.outcome === 'not reached');

const byPlace = ({ description: one }, { description: two }) =>
  one.file.localeCompare(two.file) || one.line - two.line;

function countsOf(results) {
  const count = (of) => results.filter(of).length;
  return [
    `${results.length} planted`,
    `${count(({ verdict }) => verdict.outcome === 'noticed')} noticed`,
    `${count(({ verdict }) => verdict.outcome === 'late')} timed out`,
    `${count(isOpen)} survived`,
    `${count(({ reason }) => reason !== undefined)} accepted`,
  ].join(', ');
}

function lineInTypeScript(map, { line: number, column }) {
  return (map?.findEntry(number, column).originalLine ?? number) + 1;
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ').trim();
}

function short(text) {
  const shown = text === '' ? 'nothing' : text;
  return shown.length > 70 ? `${shown.slice(0, 70)}…` : shown;
}
