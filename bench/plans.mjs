/** Clients that stay, as any server has them: where no socket lives, V8 forgets what it learned of sockets. */
const RESIDENTS = 50;

/**
 * How much is measured. The full run has 24 interleaved rounds where servers are compared, from two generations of processes, each warmed up
 * until the compiler has done its work: servers run for weeks.
 */
export const FULL = {
  residents: RESIDENTS,
  rounds: 16,
  servers: { generations: 2, warmups: 6, rounds: 12 },
  connections: { count: 1000, generations: 2, warmups: 4, rounds: 12 },
  start: { count: 1000, rounds: 12 },
  storm: { generations: 2, warmups: 5, rounds: 10 },
  stormClients: 1000,
  latencyConnections: 40,
  latencyWarmup: 6000,
  heap: [
    { sockets: 2000, rounds: 9 },
    { sockets: 8000, rounds: 5 },
  ],
  audience: 2000,
  memoryRounds: 7,
  broadcasts: 15,
  eventsEach: 10,
  shown: 600,
  verification: { rounds: 25, verifications: 400 },
  scheduler: { rounds: 15, sessions: 1_000_000 },
  recheck: { sessions: 20_000, rounds: 7 },
  gate: { sockets: 200, eventsEach: 200, warmups: 5, rounds: 25 },
  growth: { rounds: 25, few: 1000, many: 20_000, batch: 500 },
  profiled: 1000,
  floods: { warmups: 2, rounds: 5, freshRounds: 3, share: 1 },
};

export const QUICK = {
  residents: RESIDENTS,
  rounds: 5,
  servers: { generations: 1, warmups: 1, rounds: 4 },
  connections: { count: 120, generations: 1, warmups: 3, rounds: 5 },
  start: { count: 300, rounds: 2 },
  storm: { generations: 1, warmups: 2, rounds: 4 },
  stormClients: 100,
  latencyConnections: 10,
  latencyWarmup: 500,
  heap: [{ sockets: 500, rounds: 1 }],
  audience: 200,
  memoryRounds: 1,
  broadcasts: 10,
  eventsEach: 10,
  shown: 120,
  verification: { rounds: 7, verifications: 60 },
  scheduler: { rounds: 3, sessions: 100_000 },
  recheck: { sessions: 2000, rounds: 2 },
  gate: { sockets: 100, eventsEach: 50, warmups: 5, rounds: 5 },
  growth: { rounds: 4, few: 300, many: 3000, batch: 100 },
  profiled: 200,
  floods: { warmups: 1, rounds: 2, freshRounds: 1, share: 0.1 },
};
