import { existsSync } from 'node:fs';

/** What tests take from Debian, and the file that shows that it is there. */
const TOOLS = {
  chromium: '/usr/bin/chromium',
  curl: '/usr/bin/curl',
  openssl: '/usr/bin/openssl',
  'redis-server': '/usr/bin/redis-server',
  'python3-cryptography': '/usr/lib/python3/dist-packages/cryptography',
  'python3-jwt': '/usr/lib/python3/dist-packages/jwt',
  'python3-socketio': '/usr/lib/python3/dist-packages/socketio',
  'python3-requests': '/usr/lib/python3/dist-packages/requests',
} as const;

/** A Debian package that tests need. */
export type DebianTool = keyof typeof TOOLS;

/** Debian's own Python, whose modules the packages bring. */
export const PYTHON = '/usr/bin/python3';

/**
 * Skips the test or suite if a program is missing, and says how to get it. With `CI=true` it throws: there nothing may be
 * skipped unseen.
 *
 * @param context `this` of a `before` hook or a test
 */
export function needs(context: Mocha.Context, ...tools: DebianTool[]): void {
  const missing = tools.filter((tool) => !existsSync(TOOLS[tool]));
  if (missing.length === 0) return;
  const message = `missing: ${missing.join(' ')} (on Debian: apt-get install ${missing.join(' ')})`;
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(message);
  context.skip();
}
