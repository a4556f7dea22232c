/** Where a run is: which suite, which round, how long it will still take. Told on stderr. */

/** Between two lines where stderr is no terminal, in ms. */
const PAUSE = 15_000;

class Progress {
  #left = [];
  #suite;
  #startedAt = 0;
  #round = 0;
  #rounds = 0;
  #roundsStartedAt = 0;
  #part = '';
  #toldAt = -Infinity;
  /** Called after each round; a process that measures for another one hands it on. */
  onRound = () => this.#tell();

  /**
   * A suite begins.
   *
   * @param seconds what it took in the last run, if that is known
   * @param later what each suite that follows took
   */
  suite(name, seconds, later) {
    this.#suite = { name, seconds };
    this.#left = later;
    this.#part = '';
    this.#startedAt = performance.now();
    this.rounds(0);
    this.#tell();
  }

  /** A measurement of so many rounds begins; a suite may have several. */
  rounds(count) {
    this.#round = 0;
    this.#rounds = count;
    this.#roundsStartedAt = performance.now();
  }

  /** What of a suite with many measurements comes next. */
  part(name) {
    this.#part = `: ${name}`;
  }

  /** A round is over, warm-ups too. */
  round() {
    this.#round += 1;
    this.onRound(this.#round, this.#rounds);
  }

  /** The same, as another process tells it. */
  follow({ round, rounds }) {
    if (round === 1) this.rounds(rounds);
    this.#round = round;
    this.#tell();
  }

  /** No line is left half-written. */
  end() {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    this.#toldAt = -Infinity;
  }

  #tell() {
    // The tests measure without a run.
    if (this.#suite === undefined) return;
    const now = performance.now();
    if (!process.stderr.isTTY && now - this.#toldAt < PAUSE) return;
    this.#toldAt = now;
    const round = this.#rounds > 0 ? `, round ${this.#round} of ${this.#rounds}` : '';
    const line = `${this.#suite.name}${this.#part}${round}, ${this.#timeLeft(now)}`;
    process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }

  #timeLeft(now) {
    const others = this.#left.reduce((sum, seconds) => sum + (seconds ?? 0), 0);
    const seconds = Math.round(this.#ownTimeLeft(now) + others);
    const isKnown = this.#left.every((one) => one !== undefined);
    const text = seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
    return `${isKnown ? 'about' : 'at least'} ${text} left`;
  }

  /** By the last run, or by the rounds so far, whichever is longer. */
  #ownTimeLeft(now) {
    const byLastRun = (this.#suite.seconds ?? 0) - (now - this.#startedAt) / 1000;
    const pace = this.#round > 0 ? (now - this.#roundsStartedAt) / 1000 / this.#round : 0;
    return Math.max(0, byLastRun, pace * (this.#rounds - this.#round));
  }
}

export const progress = new Progress();
