/** What an event takes of the heap, estimated: enough to bound what a client can make the server hold. */

/** An object or array, in bytes. */
const CONTAINER = 64;
/** One of its members, in bytes. */
const MEMBER = 16;
/** A character of a string or of a member's name, in bytes. */
const CHARACTER = 2;

/**
 * Estimates the size of an event's arguments, in bytes, and makes binary its own: what a transport hands over may be a
 * small part of a large block, which would be kept as a whole.
 *
 * Without recursion, since a packet can nest deeper than the stack; and it stops past the limit, since a packet can hold
 * more members than are worth counting.
 *
 * @returns a number above `limit` as soon as that is passed
 */
export function sizeOf(event: unknown[], limit: number): number {
  let size = CONTAINER;
  const open: object[] = [event];
  while (open.length > 0 && size <= limit) {
    const container = open.pop() as Record<string, unknown>;
    const isList = Array.isArray(container);
    // `for … in` hands out one name at a time, where a list of all names would be made first.
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

/** A value without its members. */
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

/** Not `Buffer.from`, which takes small buffers from a block that others share. */
function ownCopy(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.byteLength) return bytes;
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength);
  bytes.copy(copy);
  return copy;
}
