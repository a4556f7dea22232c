import { expect } from 'chai';
import { Unharmed } from '../support/unharmed';
import { fuzz } from './fuzz/fuzz';

describe('packets that no client would send', () => {
  it('do no harm, whatever they are: five seconds of them, and 100 rounds', async () => {
    const unharmed = new Unharmed();
    expect(await fuzz(14, 5, 100)).to.be.at.least(100);
    unharmed.close();
  });
});
