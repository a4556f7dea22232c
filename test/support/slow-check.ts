import type { JwtClaims } from '../../lib';

/** A `validate`, or another check of the application, that answers when the test says so. */
export class SlowCheck {
  /** How often it was asked. */
  asked = 0;
  /** How many questions are open. */
  running = 0;
  /** The most that were open at once. */
  most = 0;
  /** `false`: it answers at once. */
  isSlow = true;
  readonly #answers: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];

  /** Resolves once {@link answer} is called. */
  readonly check = async (_claims?: JwtClaims): Promise<void> => {
    this.asked += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    for (const look of this.#waiting.splice(0)) look();
    if (this.isSlow) {
      await new Promise<void>((resolve) => {
        this.#answers.push(resolve);
      });
    }
    this.running -= 1;
  };

  /** Waits until it has been asked so many times. */
  async untilAsked(times = 1): Promise<void> {
    while (this.asked < times) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  /** Answers every question that is open, and from then on at once. */
  open(): void {
    this.isSlow = false;
    this.answer();
  }

  /** Answers every question that is open. */
  answer(): void {
    for (const resolve of this.#answers.splice(0)) resolve();
  }
}
