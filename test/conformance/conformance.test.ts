import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { expect } from 'chai';
import { Server } from 'socket.io';
import type { AuthorizeOptions } from '../../lib';
import { ROOT } from '../support/repository';
import { SECRET } from '../support/tokens';
import { World } from '../support/world';

/** Ms: what a server gives its clients, and what the kit gives the server. */
interface Times {
  timeout: number;
  patience: number;
}
/** A server that keeps the rules must keep them on a busy machine too. */
const LONG: Times = { timeout: 8_000, patience: 60_000 };
/** One that breaks them may be slow besides. */
const SHORT: Times = { timeout: 600, patience: 1_000 };

describe('the conformance kit', () => {
  const worlds: World[] = [];

  after(() => Promise.all(worlds.map((world) => world.close())));

  /** Runs the kit against a server of its own; all of them side by side, since most of a run is waiting. */
  async function judge(options: Partial<AuthorizeOptions>, times: Times, rule?: string): Promise<Run> {
    const world = await new World().listen();
    worlds.push(world);
    world.authorize({ timeout: times.timeout, maxAttempts: 6, ...options }).attach(world.io);
    return run(world.url, times, rule);
  }

  const broken: [what: string, rule: string, options: Partial<AuthorizeOptions>][] = [
    ['that never times out', 'a silent client is disconnected after the timeout', { required: false }],
    [
      'that lets sessions outlive their token',
      'a session ends at exp, after a notice',
      { onExpired: 'ignore' },
    ],
    ['that gives no notice', 'a session ends at exp, after a notice', { renewNotice: 0 }],
    [
      'that takes any subject for a renewal',
      'a renewal under another subject is refused, and the session stays',
      { sameSubject: false },
    ],
    ['that lets a client try for ever', 'too many refused tokens disconnect', { maxAttempts: Infinity }],
    ['that takes expired tokens', 'an expired token is refused', { ignoreExpiration: true }],
    [
      'that takes tokens before their time',
      'a token that is not active yet is refused',
      { ignoreNotBefore: true },
    ],
    [
      'that takes none of its own tokens',
      'a good token logs in',
      { secret: 'yet another secret, of 32 bytes or more' },
    ],
    [
      'with the handshake in the way',
      'events of a pending socket are dropped and reported',
      { handshake: true },
    ],
  ];

  const HOLDING = 'events around a login are held, and heard after it';

  let whole: Promise<Run>;
  let dropping: Promise<Run>;
  let single: Promise<Run>[];

  before(() => {
    whole = judge({}, LONG);
    dropping = judge({ holdEvents: 0 }, LONG);
    single = broken.map(([, rule, options]) => judge(options, SHORT, rule));
  });

  it("finds that this library's server follows every rule, and prints a line for each", async () => {
    const { code, lines } = await whole;
    expect(lines.filter((line) => line.startsWith('BROKEN'))).to.deep.equal([]);
    expect(lines.filter((line) => line.startsWith('ok'))).to.have.length.above(25);
    expect(code).to.equal(0);
  });

  it('allows a server to hold events around a login, and to drop them', async () => {
    expect((await whole).lines).to.include(`ok      ${HOLDING} (optional)`);
    const { code, lines } = await dropping;
    expect(lines.filter((line) => line.startsWith('BROKEN'))).to.deep.equal([]);
    expect(lines.find((line) => line.includes(HOLDING))).to.match(/^absent/);
    expect(code).to.equal(0);
  });

  for (const [index, [what, rule]] of broken.entries()) {
    it(`names the rule that a server breaks ${what}`, async () => {
      const { code, lines } = (await single[index]) as Run;
      expect(lines[0])
        .to.match(/^BROKEN/)
        .and.to.include(rule);
      expect(code).to.equal(1);
    });
  }

  it('finds most rules broken by a server that does not know the protocol', async () => {
    const plain = new Server(0);
    try {
      const { port } = plain.httpServer.address() as { port: number };
      const { code, lines } = await run(`http://127.0.0.1:${port}`, SHORT);
      expect(lines.filter((line) => line.startsWith('BROKEN'))).to.have.length.above(20);
      expect(code).to.equal(1);
    } finally {
      await plain.close();
    }
  });
});

interface Run {
  code: unknown;
  lines: string[];
}

/** Runs the kit as a user would. */
function run(url: string, { timeout, patience }: Times, rule?: string): Promise<Run> {
  const kit = resolve(ROOT, 'conformance/run.mjs');
  const args = [kit, url, '--secret', SECRET, '--timeout', String(timeout), '--patience', String(patience)];
  if (rule !== undefined) args.push('--rule', rule);
  return new Promise((done) => {
    execFile(process.execPath, args, (error, stdout) =>
      done({ code: error?.code ?? 0, lines: stdout.split('\n') }),
    );
  });
}
