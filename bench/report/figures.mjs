import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { versionOf } from '../support/build.mjs';

const FILE = resolve(import.meta.dirname, '../figures.json');

/** The figures of the last full run of each suite, in `bench/figures.json`. */
export class Figures {
  #suites;
  #names;

  /** @param names of all suites, in order */
  constructor(names) {
    this.#names = names;
    this.#suites = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {};
  }

  /** How long a suite took; `undefined` if it never ran. */
  secondsOf(name) {
    return this.#suites[name]?.seconds;
  }

  /** What a suite measured. */
  tableOf(name) {
    return this.#suites[name]?.table;
  }

  /** Those of the suites that never ran. */
  missing(names) {
    return names.filter((name) => this.#suites[name] === undefined);
  }

  /** The machines that suites ran on, each once: figures of two are not to be compared. */
  machinesOf(names) {
    return [...new Set(names.map((name) => this.#suites[name].machine))].join('; ');
  }

  save(name, table, seconds) {
    this.#suites[name] = { machine: machine(), seconds, table };
    const inOrder = this.#names.filter((one) => this.#suites[one] !== undefined);
    const lines = inOrder.map((one) => `${JSON.stringify(one)}: ${JSON.stringify(this.#suites[one])}`);
    writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`);
  }
}

function machine() {
  const [{ model }] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const versions = ['socket.io', 'jsonwebtoken'].map((name) => `${name} ${versionOf(name)}`).join(', ');
  return `${cpus().length} cores of ${model.trim()}, ${memory} GiB, Node ${process.versions.node}, ${versions}`;
}
