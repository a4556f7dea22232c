/**
 * How much is measured. The full run has 16 interleaved rounds, from two generations of processes, each warmed up until
 * the compiler has done its work: servers run for weeks.
 */
export const FULL = {
  rounds: 16,
  servers: { generations: 2, warmups: 5, rounds: 8 },
  connections: 800,
  storm: { generations: 2, warmups: 2, rounds: 8 },
  stormClients: 2000,
  latencyConnections: 40,
  heap: [
    { sockets: 2000, rounds: 15 },
    { sockets: 8000, rounds: 3 },
  ],
  audience: 2000,
  memoryRounds: 5,
  broadcasts: 15,
  eventsEach: 10,
  refusals: 600,
  talkers: 20,
  flood: 1000,
  verification: { rounds: 25, verifications: 400 },
  scheduler: { rounds: 15, sessions: 1_000_000 },
  growth: { rounds: 25, few: 1000, many: 20_000, batch: 500 },
  profiled: 2000,
};

export const QUICK = {
  rounds: 5,
  servers: { generations: 1, warmups: 1, rounds: 4 },
  connections: 120,
  storm: { generations: 1, warmups: 1, rounds: 4 },
  stormClients: 100,
  latencyConnections: 10,
  heap: [{ sockets: 500, rounds: 1 }],
  audience: 200,
  memoryRounds: 1,
  broadcasts: 10,
  eventsEach: 10,
  refusals: 120,
  talkers: 8,
  flood: 400,
  verification: { rounds: 7, verifications: 60 },
  scheduler: { rounds: 3, sessions: 100_000 },
  growth: { rounds: 4, few: 300, many: 3000, batch: 100 },
  profiled: 500,
};
