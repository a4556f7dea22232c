/** Checks of options, and messages that name the option and show what came. */
import { describe } from './describe';

/** What is wrong with a value: where in it, what should be there, and what is. */
export interface Fault {
  /** Such as `[1]` or `.message`; empty for the whole. */
  readonly place: string;
  readonly expectation: string;
  readonly value: unknown;
}

/** Finds what is wrong with a value, or `undefined` if it is right. */
export type Check = (value: unknown) => Fault | undefined;

/** A value that must be of one form. A getter or a proxy that throws is not of that form. */
export function expect(expectation: string, holds: (value: unknown) => boolean): Check {
  return (value) => (isTrue(holds, value) ? undefined : { place: '', expectation, value });
}

/**
 * A list whose entries must each be of one form.
 *
 * @param isList whether it is a list that may be looked through
 */
export function expectList(expectation: string, isList: (value: unknown) => boolean, entry: Check): Check {
  const whole = expect(expectation, (value) => Array.isArray(value) && isList(value));
  return (value) => whole(value) ?? firstFault(value as unknown[], entry);
}

/** One value, or a list of them that is not empty. */
export function expectOneOrMore(expectation: string, one: string, holds: (value: unknown) => boolean): Check {
  const list = expectList(expectation, isFilled, expect(one, holds));
  const single = expect(expectation, holds);
  return (value) => (Array.isArray(value) ? list(value) : single(value));
}

/** Whether a list has an entry. */
export function isFilled(value: unknown): boolean {
  return (value as unknown[]).length > 0;
}

function isTrue(holds: (value: unknown) => boolean, value: unknown): boolean {
  try {
    return holds(value);
  } catch {
    return false;
  }
}

function firstFault(list: unknown[], entry: Check): Fault | undefined {
  for (const [index, value] of list.entries()) {
    const fault = entry(value);
    if (fault !== undefined) return { ...fault, place: `[${index}]${fault.place}` };
  }
  return undefined;
}

/**
 * @param isSecret whether the value must not be shown
 * @throws TypeError that names the option, what it must be, and what came
 */
export function checkValue(name: string, check: Check, value: unknown, isSecret = false): void {
  const fault = check(value);
  if (fault === undefined) return;
  const came = isSecret ? describe(fault.value) : show(fault.value);
  throw new TypeError(`options.${name}${fault.place} must be ${fault.expectation}, got ${came}`);
}

/** How much of a text a message shows. */
const MAX_SHOWN = 40;

/**
 * What may be a password in a URL (RFC 3986 §3.2.1). It need not be encoded, nor the URL be whole: parsers accept one
 * slash or a backslash, and what they refuse is shown in a message.
 */
const CREDENTIALS = /:[^]*@/;

/** Shows a value, if it has no parts: nothing of an object is read, because that could run its code. */
export function show(value: unknown): string {
  if (typeof value === 'string') return CREDENTIALS.test(value) ? 'a URL with credentials' : quote(value);
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return clip(String(value));
  return describe(value);
}

function quote(text: string): string {
  return JSON.stringify(clip(text));
}

function clip(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** A member in a message, such as `.timeout` or `["a name"]`. */
export function placeOf(name: string): string {
  return /^\w{1,40}$/.test(name) ? `.${name}` : `[${quote(name)}]`;
}

/**
 * A copy of the options. Every member is read once, so that a getter cannot answer differently after the check.
 *
 * @param known the names of all options
 * @throws TypeError if it is no object, or has an option that a copy has not, such as the getter of a class: that would
 *   be ignored, and a check of tokens with it
 */
export function ownOptions(given: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`options must be an object, got ${describe(given)}`);
  const own: Record<string, unknown> = { ...given };
  const ignored = known.find((name) => name in given && !Object.hasOwn(own, name));
  if (ignored === undefined) return own;
  throw new TypeError(
    `options${placeOf(ignored)} is inherited or not enumerable, and would be ignored; make it a member of the options themselves`,
  );
}

/** The error for an option that there is not. It never shows the value: the name may be a misspelt `secret`. */
export function unknownOption(name: string, owner: string, known: readonly string[]): TypeError {
  const closest = closestTo(name, known);
  const hint = closest === undefined ? '' : `; did you mean \`${closest}\`?`;
  return new TypeError(`options${placeOf(name)} is not an option of ${owner}${hint}`);
}

/** How many letters may be wrong, missing, too many, or swapped: a part of the longer name. */
const MAX_DISTANCE = 0.5;

function closestTo(name: string, known: readonly string[]): string | undefined {
  let closest: string | undefined;
  let smallest = Infinity;
  // A name that is longer than all of them is close to none.
  if (name.length > MAX_SHOWN) return undefined;
  for (const one of known) {
    const distance = distanceOf(name.toLowerCase(), one.toLowerCase());
    const isClose = distance <= MAX_DISTANCE * Math.max(name.length, one.length);
    if (isClose && distance < smallest) [closest, smallest] = [one, distance];
  }
  return closest;
}

const at = (line: number[], index: number): number => line[index] as number;

/** The Damerau-Levenshtein distance (optimal string alignment). */
function distanceOf(one: string, other: string): number {
  const row = (first: number): number[] =>
    Array.from({ length: other.length + 1 }, (_, index) => first + index);
  let [before, last]: [number[], number[]] = [[], row(0)];
  for (let i = 1; i <= one.length; i += 1) {
    const next = row(i);
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      next[j] = Math.min(at(last, j) + 1, at(next, j - 1) + 1, at(last, j - 1) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        next[j] = Math.min(at(next, j), at(before, j - 2) + 1);
    }
    [before, last] = [last, next];
  }
  return last.at(-1) as number;
}
