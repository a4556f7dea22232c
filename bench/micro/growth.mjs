import { load } from '../support/build.mjs';
import { cpuOf, FakeNetwork, settle } from '../support/fake-transport.mjs';
import { interleave } from '../support/rounds.mjs';
import { makeToken, SECRET } from '../support/tokens.mjs';

/** Work within a turn of the event loop, as a busy server has it. */
const AT_ONCE = 16;

/** Whether a session costs more where many are held already. Without a network. */
export async function measure({ few, many, batch, rounds }) {
  const houses = [few, few, many].map((held) => new House(held, batch));
  for (const house of houses) await house.fill();
  const samples = {};
  const rows = [];
  for (const [id, name] of [
    ['login', 'login'],
    ['renewal', 'renewal'],
    ['revocation', 'revocation'],
  ]) {
    const [some, again, lots] = await interleave(
      houses.map((house) => ({ measure: () => house[id]() })),
      { warmups: 4, rounds },
    );
    Object.assign(samples, { [id]: some, [`${id}-noise`]: again, [`${id}-many`]: lots });
    rows.push(
      { id, name: `${name} at ${few.toLocaleString('en')} sessions`, reference: id },
      { id: `${id}-noise`, name: `A/A: ${name} at ${few.toLocaleString('en')} once more`, reference: id },
      {
        id: `${id}-many`,
        name: `${name} at ${many.toLocaleString('en')} sessions`,
        reference: id,
        noiseRow: `${id}-noise`,
        target: 1.1,
      },
    );
  }
  return {
    id: 'growth',
    title: 'Growth: CPU per login, renewal and revocation',
    note: `${batch} of each a round, beside so many sessions; Socket.IO's own part is in it, the network is not.`,
    unit: 'µs',
    samples,
    rows,
  };
}

/** A server that holds so many sessions, and takes in some more for a moment. */
class House {
  #network = new FakeNetwork();
  #authorizer = load('index').authorize({ secret: SECRET });
  #held;
  #batch;
  #serial = 0;

  constructor(held, batch) {
    this.#held = held;
    this.#batch = batch;
    this.#authorizer.attach(this.#network.io);
  }

  async fill() {
    await this.#enter(this.#users(this.#held));
  }

  async login() {
    const users = this.#users(this.#batch);
    let transports;
    const cpu = await this.#cpuOf(async () => {
      transports = await this.#enter(users);
    });
    this.#expect(this.#held + this.#batch);
    await leave(transports);
    return cpu;
  }

  async renewal() {
    const users = this.#users(this.#batch);
    const transports = await this.#enter(users);
    const packets = users.map(
      ({ sub }) => `2["authenticate",{"token":"${makeToken({ sub, jti: `${sub}-2` })}"}]`,
    );
    const before = this.#authorizer.stats().verified;
    const cpu = await this.#cpuOf(async () => {
      for (const [index, transport] of transports.entries()) {
        transport.receive(packets[index]);
        if (index % AT_ONCE === AT_ONCE - 1) await settle();
      }
      await settle();
    });
    if (this.#authorizer.stats().verified !== before + this.#batch) throw new Error('not renewed');
    await leave(transports);
    return cpu;
  }

  async revocation() {
    const users = this.#users(this.#batch);
    const transports = await this.#enter(users);
    const cpu = await this.#cpuOf(async () => {
      for (const { sub } of users) await this.#authorizer.revoke({ sub });
      await settle();
    });
    this.#expect(this.#held);
    await leave(transports);
    return cpu;
  }

  async #cpuOf(action) {
    globalThis.gc({ type: 'minor' });
    return (await cpuOf(action)) / this.#batch;
  }

  async #enter(users) {
    const transports = [];
    for (const [index, { token }] of users.entries()) {
      transports.push(this.#network.connect(token));
      if (index % AT_ONCE === AT_ONCE - 1) await settle();
    }
    await settle();
    return transports;
  }

  #users(count) {
    return Array.from({ length: count }, () => {
      this.#serial += 1;
      const sub = `user-${this.#held}-${this.#serial}`;
      return { sub, token: makeToken({ sub, jti: sub }) };
    });
  }

  #expect(sessions) {
    const { authenticated } = this.#authorizer.stats();
    if (authenticated !== sessions) throw new Error(`${authenticated} sessions, not ${sessions}`);
  }
}

async function leave(transports) {
  for (const transport of transports) transport.close();
  await settle();
}
