import type { RedisCommands } from './redis-client';

/** The most keys in one MGET: Redis handles no other command meanwhile. */
const MAX_KEYS = 1_000;

interface Question {
  readonly key: string;
  readonly resolve: (value: string | null) => void;
  readonly reject: (fault: unknown) => void;
}

/** Combines the reads of one turn of the event loop into one request, for reconnect storms. */
export class ReadBatch {
  readonly #commands: RedisCommands;
  #questions: Question[] = [];

  constructor(commands: RedisCommands) {
    this.#commands = commands;
  }

  read(key: string): Promise<string | null> {
    return new Promise((resolve, reject) => {
      // `setImmediate` runs after the packets that have arrived are read.
      if (this.#questions.length === 0) setImmediate(() => this.#ask());
      this.#questions.push({ key, resolve, reject });
    });
  }

  #ask(): void {
    const questions = this.#questions;
    this.#questions = [];
    for (let start = 0; start < questions.length; start += MAX_KEYS) {
      const part = questions.slice(start, start + MAX_KEYS);
      this.#commands.getAll(part.map(({ key }) => key)).then(
        (values) => part.forEach(({ resolve }, index) => resolve(values[index] as string | null)),
        (fault: unknown) => part.forEach(({ reject }) => reject(fault)),
      );
    }
  }
}
