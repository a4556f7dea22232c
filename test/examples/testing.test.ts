import type { EventEmitter } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { Socket } from 'socket.io-client';
import { execute } from '../support/project';
import { ROOT } from '../support/repository';

const FOLDER = resolve(ROOT, 'examples/testing');

interface Kit {
  createToken(claims: object, seconds: number): string;
  startServer(
    application: unknown,
    options: object,
  ): Promise<{ client(token: string): Socket; close(): Promise<void> }>;
  heard(emitter: unknown, event: string): Promise<[{ data: { reason: string } }]>;
}

describe("the example of an application's tests", () => {
  it('passes', async function () {
    const { stdout, code } = await execute(
      process.execPath,
      ['--test', 'application.test.mjs', 'later.test.mjs'],
      FOLDER,
    );
    expect(stdout).to.match(/^# pass 5$/m);
    expect(code).to.equal(0);
  });

  it('has a kit that works with the clock of Sinon', async () => {
    const load = (name: string): Promise<unknown> => import(pathToFileURL(resolve(FOLDER, name)).href);
    const { createToken, startServer, heard } = (await load('kit.mjs')) as Kit;
    const { application } = (await load('application.mjs')) as { application: (io: EventEmitter) => unknown };
    const clock = useFakeTimers({ now: Date.now(), toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    const server = await startServer(application, { pingInterval: 86_400_000 });
    try {
      const client = server.client(createToken({}, 3600));
      await heard(client, 'authenticated');
      const refused = heard(client, 'unauthorized');
      clock.tick(3_600_000);
      expect((await refused)[0].data.reason).to.equal('expired');
    } finally {
      clock.restore();
      await server.close();
    }
  });
});
