import type { JwtClaims } from '../../lib';

/** A `validate` that takes its time: how many run at once is what a client must not decide. */
export class SlowCheck {
  running = 0;
  most = 0;
  asked = 0;
  #open: (() => void)[] = [];

  readonly check = async (_claims?: JwtClaims): Promise<void> => {
    this.asked += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await new Promise<void>((resolve) => {
      this.#open.push(resolve);
    });
    this.running -= 1;
  };

  /** Lets everything through that has been asked so far. */
  answer(): void {
    for (const resolve of this.#open.splice(0)) resolve();
  }
}
