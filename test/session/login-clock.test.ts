import { expect } from 'chai';
import { useFakeTimers } from 'sinon';
import type { SinonFakeTimers } from 'sinon';
import { Deadlines } from '../../lib/runtime/deadlines';
import { LoginClock } from '../../lib/session/login-clock';

describe('the time to log in', () => {
  let time: SinonFakeTimers;
  let deadlines: Deadlines;
  let clock: LoginClock;
  /** What ran out, and when, in ms from the start. */
  let ended: [what: string, at: number][];
  /** How often the connection was told that its time is over. */
  let timesOver: number;
  let start: number;

  beforeEach(() => {
    time = useFakeTimers({ now: 1_800_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    start = Date.now();
    deadlines = new Deadlines();
    ended = [];
    timesOver = 0;
    clock = new LoginClock(deadlines, 1000, {
      onTimeOver: () => void (timesOver += 1),
    });
  });

  afterEach(() => {
    deadlines.close();
    time.restore();
  });

  /** A session that ends when its time is over. */
  const session = (name: string) => {
    const one = {
      onTimeout: () => {
        clock.refill(one);
        ended.push([name, Date.now() - start]);
      },
    };
    return one;
  };
  const [one, two] = [session('one'), session('two')];

  it('runs out for every session that is pending, once', () => {
    clock.start(one);
    clock.start(two);
    time.tick(999);
    expect(ended).to.deep.equal([]);
    time.tick(10_000);
    expect(ended).to.deep.equal([
      ['one', 1000],
      ['two', 1000],
    ]);
  });

  it('is shared: a later session has the time that is left', () => {
    clock.start(one);
    time.tick(700);
    clock.start(two);
    clock.start(one);
    time.tick(300);
    expect(ended).to.deep.equal([
      ['one', 1000],
      ['two', 1000],
    ]);
  });

  it('continues where it was when the client changes the namespace', () => {
    clock.start(one);
    time.tick(700);
    clock.left(one);
    clock.idle();
    time.tick(200);
    clock.start(two);
    time.tick(100);
    expect(ended).to.deep.equal([['two', 1000]]);
  });

  it('is paused while no session is pending on a connection that is in another namespace', () => {
    clock.start(one);
    time.tick(700);
    clock.left(one);
    time.tick(10_000);
    clock.start(two);
    time.tick(299);
    expect(ended).to.deep.equal([]);
    time.tick(1);
    expect(ended).to.deep.equal([['two', 11_000]]);
  });

  it('is no longer because the wall clock is set back meanwhile', () => {
    clock.start(one);
    time.tick(400);
    time.setSystemTime(start - 3_600_000);
    clock.left(one);
    clock.start(two);
    time.setSystemTime(start - 7_200_000);
    time.tick(1000);
    expect(ended.map(([name]) => name)).to.deep.equal(['two']);
  });

  it('continues while another session is pending', () => {
    clock.start(one);
    clock.start(two);
    time.tick(700);
    clock.left(one);
    time.tick(300);
    expect(ended).to.deep.equal([['two', 1000]]);
  });

  it('is not affected by the end of a session that was not pending', () => {
    clock.start(one);
    clock.loggedIn(one);
    clock.left(one);
    time.tick(500);
    clock.start(two);
    clock.left(one);
    clock.idle();
    time.tick(1000);
    expect(ended).to.deep.equal([['two', 1500]]);
  });

  it('runs out on a connection that is in no namespace any more', () => {
    clock.start(one);
    clock.left(one);
    clock.idle();
    time.tick(10_000);
    expect(ended).to.deep.equal([]);
    expect(timesOver).to.equal(1);
  });

  it('is full for a connection that logged in before it left every namespace', () => {
    clock.start(one);
    time.tick(700);
    clock.loggedIn(one);
    time.tick(10_000);
    clock.idle();
    time.tick(999);
    expect(timesOver).to.equal(0);
    time.tick(1);
    expect(timesOver).to.equal(1);
  });

  it('is full for a session that must log in again, after the connection was idle for longer', () => {
    clock.idle();
    time.tick(10_000);
    clock.start(one);
    time.tick(10_000);
    expect(ended).to.deep.equal([['one', 12_000 - 1000]]);
  });

  it('leaves none for a session that follows one whose token was being verified at the end', async () => {
    const verifying = { onTimeout: () => void ended.push(['verifying', Date.now() - start]) };
    clock.start(verifying);
    time.tick(1500);
    clock.left(verifying);
    clock.start(one);
    // Before a token that came with the CONNECT packet is looked at.
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    expect(ended).to.deep.equal([
      ['verifying', 1000],
      ['one', 1500],
    ]);
  });

  it('is not full again while another session is overdue, whose token is still being verified', async () => {
    const verifying = { onTimeout: () => void ended.push(['verifying', Date.now() - start]) };
    clock.start(verifying);
    clock.start(one);
    time.tick(1000);
    for (const again of [1, 2]) {
      clock.start(two);
      await new Promise<void>((resolve) => {
        process.nextTick(resolve);
      });
      expect(ended.filter(([name]) => name === 'two')).to.have.length(again);
    }
    clock.refill(verifying);
    clock.start(two);
    time.tick(999);
    expect(ended).to.have.length(4);
    time.tick(1);
    expect(ended).to.have.length(5);
  });

  it('is full after it was found to be over before the timer came, on a machine that was busy', async () => {
    const nextTick = (): Promise<void> =>
      new Promise((resolve) => {
        process.nextTick(resolve);
      });
    clock.start(one);
    time.setSystemTime(start + 1_000);
    clock.start(two);
    await nextTick();
    expect(ended.map(([name]) => name)).to.deep.equal(['one', 'two']);
    clock.start(two);
    await nextTick();
    expect(ended).to.have.length(2);
    time.tick(1_000);
    expect(ended).to.have.length(3);
  });

  it('is over with the login of the only session that is pending', () => {
    clock.start(one);
    clock.loggedIn(one);
    time.tick(10_000);
    expect(ended).to.deep.equal([]);
  });

  it('is full again for the others after a login', () => {
    clock.start(one);
    clock.start(two);
    time.tick(900);
    clock.loggedIn(one);
    time.tick(999);
    expect(ended).to.deep.equal([]);
    time.tick(1);
    expect(ended).to.deep.equal([['two', 1900]]);
  });

  it('is full again for a session that is pending again', () => {
    clock.start(one);
    time.tick(900);
    clock.loggedIn(one);
    time.tick(500);
    clock.start(one);
    time.tick(10_000);
    expect(ended).to.deep.equal([['one', 2400]]);
  });

  it('is full for a session that becomes pending after it ran out', () => {
    clock.start(one);
    time.tick(1000);
    clock.start(two);
    time.tick(1000);
    expect(ended).to.deep.equal([
      ['one', 1000],
      ['two', 2000],
    ]);
  });

  it('may be started again by a session at the moment when its time is over', () => {
    let times = 0;
    const again = {
      onTimeout: () => {
        times += 1;
        clock.refill(again);
        if (times < 3) clock.start(again);
      },
    };
    clock.start(again);
    time.tick(10_000);
    expect(times).to.equal(3);
    expect(Date.now() - start).to.equal(10_000);
    expect(ended).to.deep.equal([]);
  });

  it('ends with the connection, and leaves no timer', () => {
    clock.start(one);
    clock.stop();
    time.tick(10_000);
    expect(ended).to.deep.equal([]);
    expect(time.countTimers()).to.equal(0);
  });

  it('never runs out if guests may stay', () => {
    const endless = new LoginClock(deadlines, Infinity, { onTimeOver: () => void (timesOver += 1) });
    endless.start(one);
    endless.left(one);
    endless.idle();
    endless.start(one);
    endless.left(one);
    endless.start(two);
    time.tick(86_400_000);
    expect(ended).to.deep.equal([]);
    expect(time.countTimers()).to.equal(0);
  });
});
