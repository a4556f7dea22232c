/** Estimates how much heap an event takes, to bound what a client can make the server hold. */

/** An object or array, in bytes. */
const CONTAINER = 64;
/** One of its members, in bytes. */
const MEMBER = 16;
/** A character of a string or of a member's name, in bytes. */
const CHARACTER = 2;

/**
 * Estimates the size of an event's arguments, in bytes. Copies binary data that is part of a larger block: keeping the
 * part would keep the whole block.
 *
 * It does not recurse, because a packet can nest deeper than the stack. It stops past the limit, because a packet can
 * have very many members.
 *
 * @returns the size, or the first number above `limit`
 */
export function sizeOf(event: unknown[], limit: number): number {
  let size = CONTAINER;
  const open: object[] = [event];
  while (open.length > 0 && size <= limit) {
    const container = open.pop() as Record<string, unknown>;
    const isList = Array.isArray(container);
    // `for … in` would build the list of all indices of a long list first.
    if (isList && size + container.length * MEMBER > limit) return size + container.length * MEMBER;
    // V8 lists all names of an object before it gives the first one. `Object.keys` does the same.
    for (const name in container) {
      if (!Object.hasOwn(container, name)) continue;
      const value = container[name];
      size += MEMBER + (isList ? 0 : name.length * CHARACTER) + sizeOfValue(value);
      if (size > limit) break;
      if (Buffer.isBuffer(value)) container[name] = ownCopy(value);
      else if (isContainer(value)) open.push(value);
    }
  }
  return size;
}

/** The size of a value, without its members. */
function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') return value.length * CHARACTER;
  if (isBinary(value)) return value.byteLength;
  return isContainer(value) ? CONTAINER : 0;
}

function isBinary(value: unknown): value is Uint8Array | ArrayBuffer {
  return value instanceof Uint8Array || value instanceof ArrayBuffer;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isBinary(value);
}

/** Not `Buffer.from`: it takes small buffers from a shared block. */
function ownCopy(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.byteLength) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength);
  bytes.copy(copy);
  return copy;
}
