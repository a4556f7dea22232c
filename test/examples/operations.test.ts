import type { Server } from 'node:http';
import { expect } from 'chai';
import { EXAMPLE_SECRET, loadExample, Running } from '../support/example';
import { JwksEndpoint, SigningKey } from '../support/jwks-endpoint';
import { createToken } from '../support/tokens';

describe('the example of', () => {
  let running: Running;

  afterEach(() => running.close());

  it('Prometheus shows the figures of stats()', async () => {
    const { start } = loadExample('prometheus/server.js') as { start(port: number): Promise<Server> };
    running = new Running(await start(0));
    await running.connected();
    const bob = await running.connected();
    await bob.authenticate('no token');
    await bob.authenticate(createToken({ sub: 'bob' }, { expiresIn: 60 }, EXAMPLE_SECRET));
    for (let times = 0; times < 2; times += 1) {
      const metrics = await (await fetch(`${running.url}/metrics`)).text();
      expect(metrics).to.match(/^socketio_authorize_pending 1$/m);
      expect(metrics).to.match(/^socketio_authorize_authenticated 1$/m);
      expect(metrics).to.match(/^socketio_authorize_verified_total 1$/m);
      expect(metrics).to.match(/^socketio_authorize_refused_total 1$/m);
      expect(metrics).to.match(/^socketio_authorize_timedout_total 0$/m);
    }
  });

  it('an identity provider lets its access tokens in, and no others', async () => {
    const endpoint = await new JwksEndpoint().listen();
    const key = new SigningKey('one', 'rsa');
    endpoint.keys = [key];
    const [issuer, audience] = ['https://issuer.example/', 'https://chat.example'];
    const { start } = loadExample('identity-provider/server.js') as {
      start(options: object): Promise<Server>;
    };
    running = new Running(await start({ port: 0, issuer, audience, jwksUri: endpoint.uri }));
    try {
      const client = await running.connected();
      const token = (options: object): string => key.token({ sub: 'bob' }, options);
      expect(await client.authenticate(token({ issuer, audience: 'https://mail.example' }))).to.include({
        ok: false,
      });
      expect(await client.authenticate(token({ issuer, audience, expiresIn: 60 }))).to.include({ ok: true });
      expect(await client.until('welcome')).to.deep.equal(['bob']);
    } finally {
      await endpoint.close();
    }
  });

  it('an audit log writes who came, was refused, renewed and left, and no token', async () => {
    const lines: string[] = [];
    const { start } = loadExample('audit-log/server.js') as {
      start(port: number, write: (line: string) => void): Promise<Server>;
    };
    let onLine = (): void => undefined;
    running = new Running(
      await start(0, (line) => {
        lines.push(line);
        onLine();
      }),
    );
    const bob = await running.connected();
    const tokens = ['one', 'two'].map((jwtid) =>
      createToken({ sub: 'bob' }, { expiresIn: 60, jwtid }, EXAMPLE_SECRET),
    );
    await bob.authenticate(`${tokens[0]}x`);
    for (const token of tokens) await bob.authenticate(token);
    await bob.socket.emitWithAck('deauthenticate');
    const left = new Promise<void>((done) => {
      onLine = () => lines.length >= 5 && done();
    });
    bob.socket.disconnect();
    await left;
    const written = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(written.map(({ event }) => event)).to.deep.equal([
      'refused',
      'authenticated',
      'renewed',
      'ended',
      'disconnected',
    ]);
    expect(written[0]).to.include({ code: 'invalid_token', reason: 'signature' });
    expect(written[3]).to.include({ sub: 'bob', reason: 'logout' });
    for (const token of tokens) expect(lines.join('\n')).not.to.include(token);
  });
});
