/** Estimates how much heap an event takes, to bound what a client can make the server hold. */
import { isAnyArrayBuffer, isUint8Array } from 'node:util/types';
import { bytesOfIntegerNames } from './integer-names';

/** An object, a list, or the object around binary data, in bytes. */
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
 * have very many members. It does not use `instanceof` or inherited members: a client of `socket.io-msgpack-parser`
 * sets prototypes.
 *
 * @returns the size, or the first number above `limit`
 */
export function sizeOf(event: unknown[], limit: number): number {
  let size = CONTAINER;
  const open: object[] = [event];
  while (open.length > 0 && size <= limit) {
    const container = open.pop() as Record<string, unknown>;
    const prototype = sentPrototypeOf(container);
    size += prototype === undefined ? 0 : MEMBER + sizeOfValue(prototype);
    if (isContainer(prototype)) open.push(prototype);
    const isList = Array.isArray(container);
    if (isList) size += container.length * MEMBER;
    // The names of a long list would be a list of all its indices.
    if (size > limit) break;
    // V8 lists all names of an object before it gives the first one, also in `for … in`.
    const names = Object.keys(container);
    if (!isList) size += bytesOfIntegerNames(names);
    for (const name of names) {
      const value = keepOwn(container, name, limit - size);
      size += sizeOfValue(value) + (isList ? 0 : MEMBER + name.length * CHARACTER);
      if (size > limit) break;
      if (isContainer(value)) open.push(value);
    }
  }
  return size;
}

/** The size of a value, without its members. */
function sizeOfValue(value: unknown): number {
  if (typeof value === 'string') return value.length * CHARACTER;
  if (isBinary(value)) return CONTAINER + blockOf(value).byteLength;
  return isContainer(value) ? CONTAINER : 0;
}

type Binary = ArrayBufferLike | ArrayBufferView;

function isBinary(value: unknown): value is Binary {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

/** What binary data keeps alive: a part of a block keeps the whole block. */
function blockOf(value: Binary): ArrayBufferLike {
  return ArrayBuffer.isView(value) ? value.buffer : value;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isBinary(value);
}

/** Whether bytes are part of a larger block. */
function isPart(value: unknown): value is Uint8Array {
  return isUint8Array(value) && value.byteLength < value.buffer.byteLength;
}

/** A member's value. A part of a larger block becomes a copy, if it takes no more than `limit` bytes. */
function keepOwn(container: Record<string, unknown>, name: string, limit: number): unknown {
  const value = container[name];
  if (!isPart(value) || value.byteLength > limit) return value;
  // Neither `Buffer.from`, which takes small buffers from a shared block, nor Buffer's own `slice`, which copies nothing.
  return (container[name] = Uint8Array.prototype.slice.call(value));
}

/**
 * An object's prototype, if the client has sent it: `notepack.io` assigns `__proto__` as any other member. The
 * prototype of a class has a constructor, and no parser makes functions.
 */
function sentPrototypeOf(container: object): object | undefined {
  const prototype = Object.getPrototypeOf(container) as object | null;
  if (prototype === null) return undefined;
  const isOfClass = typeof Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value === 'function';
  return isOfClass ? undefined : prototype;
}
