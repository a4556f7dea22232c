import { FLOODS } from '../floods.mjs';
import { ServerProcess } from '../support/processes.mjs';
import { progress } from '../support/progress.mjs';
import { takeTurnsInGenerations } from '../support/rounds.mjs';

/** What clients can make a server spend, with the library and without: CPU, memory, answers. */
export async function floods({ floods: plan }) {
  const roundsOf = ({ isFresh }) =>
    isFresh
      ? { generations: plan.freshRounds, warmups: 0, rounds: 1 }
      : { generations: 1, warmups: 0, rounds: plan.rounds };
  const counts = FLOODS.map(roundsOf).map(({ generations, rounds }) => generations * rounds);
  progress.rounds(counts.reduce((sum, count) => sum + count));
  const measured = [];
  for (const flood of FLOODS) {
    const { id, name, kind, sockets = 0, mayHold = 0 } = flood;
    const leftOpen = sockets * sizeOf(flood, plan);
    progress.part(name);
    const open = () => Promise.all([false, true].map((isGuarded) => flooding(flood, isGuarded, plan)));
    const [plain, ours] = await takeTurnsInGenerations(open, roundsOf(flood));
    measured.push({ id, name, kind, open: leftOpen, mayHold, plain, ours });
  }
  const note = plan.share < 1 ? `Each in ${plan.share} of the size that it is named after.` : undefined;
  return { id: 'floods', title: 'What a flood costs', note, floods: measured };
}

/** A server that has been flooded before, so that its code is compiled. */
async function flooding(flood, isGuarded, plan) {
  const options = { ...flood.options, isGuarded };
  const server = await ServerProcess.start('flooded', { options, execArgv: ['--no-flush-bytecode'] });
  const names = roomNames();
  const size = sizeOf(flood, plan);
  for (let round = 0; round < plan.warmups; round += 1) {
    await floodOnce(server, flood, {
      size: flood.isFresh ? Math.ceil(size / 40) : size,
      names,
      isWarmup: true,
    });
  }
  return {
    measure: () => floodOnce(server, flood, { size, names }),
    close: () => server.close(),
  };
}

/**
 * @returns CPU in µs; bytes that are held afterwards, while the clients are connected and when they have left; bytes that
 *   the server received and sent
 */
async function floodOnce(server, { Attacker, attackers, request, enter, attack }, { size, names, isWarmup }) {
  const held = () => (isWarmup ? 0 : server.ask('held'));
  const heldAtFirst = await held();
  const all = await Promise.all(Array.from({ length: attackers }, () => Attacker.open(server.port, request)));
  await Promise.all(all.map((attacker) => enter?.(attacker, names)));
  const heldBefore = await held();
  const before = await server.ask('traffic');
  const cpu = await server.cpuOf(() => Promise.all(all.map((attacker) => attack(attacker, size, names))));
  const after = await server.ask('traffic');
  const heldAfter = await held();
  await server.ask('answerChecks');
  for (const attacker of all) attacker.close();
  while ((await server.ask('connections')) > 0) await new Promise((done) => setTimeout(done, 5));
  const heldAtTheEnd = await held();
  return {
    cpu,
    held: heldAfter - heldBefore,
    left: heldAtTheEnd - heldAtFirst,
    received: after.received - before.received,
    sent: after.sent - before.sent,
  };
}

const sizeOf = (flood, { share }) => Math.ceil(flood.size * share);

/** Names of namespaces, each once, and all of one length: so many of them are to fit into one request. */
function roomNames() {
  let made = 0;
  return (count) =>
    Array.from({ length: count }, () => {
      made += 1;
      return made.toString(36).padStart(4, '0');
    });
}
