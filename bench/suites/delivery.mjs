import { askDone, openAll, Receipts, WAYS } from '../support/clients.mjs';
import { ServerProcess } from '../support/processes.mjs';
import { compare } from '../support/rounds.mjs';
import { makeTokens } from '../support/tokens.mjs';

const CONTENDERS = [
  { id: 'plain', name: 'plain Socket.IO', kind: 'plain', way: WAYS.guest },
  { id: 'noise', name: 'A/A: plain once more', kind: 'plain', way: WAYS.guest },
  { id: 'none', name: 'socketio-authorize, none pending', kind: 'authorized', way: WAYS.connect },
  {
    id: 'pending',
    name: 'socketio-authorize, as many pending beside',
    kind: 'authorized',
    way: WAYS.connect,
    isBeside: true,
  },
];
/** Each event is looked up, and its scope compared with the token's. */
const PERMITTED = {
  id: 'permissions',
  name: 'socketio-authorize with `permissions`, none pending',
  kind: 'authorized',
  way: WAYS.connect,
  options: { permissions: { message: 'chat:write' } },
};
const EVENT = '42["message","a message of forty characters or thereabouts"]';

/** Outwards: a broadcast to everyone. */
export function broadcasts(plan) {
  return deliveries(plan, {
    id: 'broadcasts',
    title: '`io.emit`: server CPU per delivery',
    note: `${plan.audience} authenticated sockets, ${plan.broadcasts} broadcasts a round.`,
    target: 1.02,
    per: plan.broadcasts * plan.audience,
    act: async ({ server, sockets, receipts }) => {
      const received = receipts.expect(plan.broadcasts * sockets.length);
      await server.ask('broadcast', plan.broadcasts);
      await received;
    },
  });
}

/** Inwards: what clients say. */
export function events(plan) {
  return deliveries(plan, {
    id: 'events',
    title: 'Inbound event: server CPU per event',
    note: `${plan.audience} authenticated sockets, ${plan.eventsEach} events each a round.`,
    target: 1.04,
    others: [PERMITTED],
    rows: [
      {
        id: 'permissions-by-none',
        name: 'an event with `permissions`, against one without',
        figures: 'permissions',
        reference: 'none',
        target: 1.02,
      },
    ],
    per: plan.eventsEach * plan.audience,
    act: async ({ sockets }) => {
      for (let turn = 0; turn < plan.eventsEach; turn += 1) {
        for (const socket of sockets) socket.send(EVENT);
        // Lets the server read meanwhile, as it would.
        await askDone(sockets[turn % sockets.length]);
      }
      await Promise.all(sockets.map(askDone));
    },
  });
}

async function deliveries(plan, { target, per, act, others = [], rows = [], ...table }) {
  const contenders = [...CONTENDERS, ...others].map((one) =>
    one.kind === 'authorized' ? Object.assign({ target }, one) : one,
  );
  const measured = await compare(
    contenders,
    (one) => audience(one, plan.audience, act, per),
    plan.servers,
    table,
  );
  return { ...measured, rows: [...measured.rows, ...rows] };
}

async function audience({ kind, way, isBeside, options }, count, act, per) {
  const server = await ServerProcess.start(kind, { options });
  const sockets = await openAll(server.port, way, makeTokens(count));
  if (isBeside) await openAll(server.port, WAYS.guest, makeTokens(count));
  const receipts = new Receipts(sockets);
  return {
    measure: async () => (await server.cpuOf(() => act({ server, sockets, receipts }))) / per,
    async close() {
      for (const socket of sockets) socket.terminate();
      await server.close();
    },
  };
}
