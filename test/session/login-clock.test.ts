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
  let start: number;

  beforeEach(() => {
    time = useFakeTimers({ now: 1_800_000_000_000, toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    start = Date.now();
    deadlines = new Deadlines();
    ended = [];
    clock = new LoginClock(deadlines, 1000, {
      onIdle: () => void ended.push(['idle', Date.now() - start]),
    });
  });

  afterEach(() => {
    deadlines.close();
    time.restore();
  });

  const session = (name: string) => ({ onTimeout: () => void ended.push([name, Date.now() - start]) });
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
    clock.left(one, true);
    time.tick(200);
    clock.start(two);
    time.tick(100);
    expect(ended).to.deep.equal([['two', 1000]]);
  });

  it('is paused while no session is pending on a connection that is in another namespace', () => {
    clock.start(one);
    time.tick(700);
    clock.left(one, false);
    time.tick(10_000);
    clock.start(two);
    time.tick(299);
    expect(ended).to.deep.equal([]);
    time.tick(1);
    expect(ended).to.deep.equal([['two', 11_000]]);
  });

  it('continues while another session is pending', () => {
    clock.start(one);
    clock.start(two);
    time.tick(700);
    clock.left(one, false);
    time.tick(300);
    expect(ended).to.deep.equal([['two', 1000]]);
  });

  it('is not affected by the end of a session that was not pending', () => {
    clock.start(one);
    clock.loggedIn(one);
    clock.left(one, false);
    time.tick(500);
    clock.start(two);
    clock.left(one, true);
    time.tick(1000);
    expect(ended).to.deep.equal([['two', 1500]]);
  });

  it('runs out on a connection that is in no namespace any more', () => {
    clock.start(one);
    clock.left(one, true);
    time.tick(10_000);
    expect(ended).to.deep.equal([['idle', 1000]]);
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
    const endless = new LoginClock(deadlines, Infinity, { onIdle: () => void ended.push(['idle', 0]) });
    endless.start(one);
    endless.left(one, true);
    endless.start(one);
    endless.left(one, false);
    endless.start(two);
    time.tick(86_400_000);
    expect(ended).to.deep.equal([]);
    expect(time.countTimers()).to.equal(0);
  });
});
