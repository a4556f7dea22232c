/** Whether an object is of no class. (That of another realm has a prototype that is not `Object.prototype`.) */
export function isPlainObject(value: unknown): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
