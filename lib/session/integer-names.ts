/**
 * What V8 takes for members whose names are integers, such as those of `{ 900: 0 }` (measured in Node 20; it is
 * `JSObject::ShouldConvertToSlowElements` that decides). It keeps them in a list, which has slots for all smaller integers
 * too. It makes a table instead if the next member leaves too large a gap, or if the list gets long and most of it is
 * empty. `JSON.parse` takes the table more often, so this is the most that they can take.
 */

/** A slot of the list, in bytes. */
const SLOT = 8;
/** The gap behind the list's last slot that makes a table. */
const MAX_GAP = 1024;
/** A list of so many slots may be empty. */
const MAX_UNCHECKED = 5000;
/** A longer list has at most so many slots for each member, and a table takes no more. */
const SLOTS_PER_MEMBER = 27;

/** @param names an object's own names: those that are integers come first, in ascending order (ECMA-262 §10.1.11.1) */
export function bytesOfIntegerNames(names: readonly string[]): number {
  let count = 0;
  let slots = 0;
  let isTable = false;
  for (const name of names) {
    const index = Number(name) >>> 0;
    if (String(index) !== name) break;
    count += 1;
    isTable ||= index >= slots + MAX_GAP;
    // The list grows by half of its length and 16.
    slots = 1.5 * (index + 1) + 16;
  }
  const isSmallList = !isTable && slots <= MAX_UNCHECKED;
  return SLOT * (isSmallList ? slots : Math.min(slots, SLOTS_PER_MEMBER * count));
}
