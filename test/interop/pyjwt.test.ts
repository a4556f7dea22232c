import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { needs, PYTHON } from '../support/debian';
import { show } from '../support/refusals';
import { rsaKeys, SECRET } from '../support/tokens';
import { World } from '../support/world';

const SCRIPT = `
import datetime, json, sys, jwt
now = datetime.datetime.now(datetime.timezone.utc)
print(json.dumps([jwt.encode(
    {'sub': 'bob', 'name': 'Bob', 'iat': now, 'exp': now + datetime.timedelta(seconds=order['seconds'])},
    order['key'], algorithm=order['algorithm']) for order in json.load(sys.stdin)]))
`;

interface Order {
  key: string;
  algorithm: string;
  seconds: number;
}

describe('tokens made by PyJWT', () => {
  const { publicKey, privateKey } = rsaKeys();
  const orders: Record<string, Order> = {
    HS256: { key: SECRET, algorithm: 'HS256', seconds: 600 },
    RS256: { key: privateKey, algorithm: 'RS256', seconds: 600 },
    'HS256 of another secret': { key: 'another', algorithm: 'HS256', seconds: 600 },
    'HS256 that has expired': { key: SECRET, algorithm: 'HS256', seconds: -60 },
    'RS256 that has expired': { key: privateKey, algorithm: 'RS256', seconds: -60 },
    HS512: { key: SECRET, algorithm: 'HS512', seconds: 600 },
  };
  let tokens: Record<string, string>;

  before(function () {
    needs(this, 'python3-jwt', 'python3-cryptography');
    const options = { input: JSON.stringify(Object.values(orders)), encoding: 'utf8' } as const;
    const made = JSON.parse(execFileSync(PYTHON, ['-c', SCRIPT], options)) as string[];
    tokens = Object.fromEntries(Object.keys(orders).map((name, index) => [name, made[index] ?? '']));
  });

  async function outcome(secret: string, algorithm: 'HS256' | 'RS256', name: string): Promise<unknown> {
    const world = await new World().listen();
    try {
      world.authorize({ secret, algorithms: [algorithm] }).attach(world.io);
      const { ok, error } = await show(await world.connected(), tokens[name]);
      return ok || error?.reason;
    } finally {
      await world.close();
    }
  }

  it('with HS256 are accepted', async () => {
    expect(await outcome(SECRET, 'HS256', 'HS256')).to.equal(true);
  });

  it('with RS256 are accepted', async () => {
    expect(await outcome(publicKey, 'RS256', 'RS256')).to.equal(true);
  });

  it('are refused when they are wrong', async () => {
    expect(await outcome(SECRET, 'HS256', 'HS256 of another secret')).to.equal('signature');
    expect(await outcome(SECRET, 'HS256', 'HS256 that has expired')).to.equal('expired');
    expect(await outcome(publicKey, 'RS256', 'RS256 that has expired')).to.equal('expired');
    expect(await outcome(SECRET, 'HS256', 'HS512')).to.equal('algorithm');
    expect(await outcome(SECRET, 'HS256', 'RS256')).to.equal('algorithm');
    expect(await outcome(publicKey, 'RS256', 'HS256')).to.equal('algorithm');
  });
});
