/** Describes a value by its type, for messages: the value itself may be a secret. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
