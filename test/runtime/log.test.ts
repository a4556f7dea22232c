import { expect } from 'chai';
import { log } from '../../lib/runtime/log';

describe('the logs of DEBUG', () => {
  it('have the name of what they are about', () => {
    for (const [name, { namespace }] of Object.entries(log))
      expect(namespace).to.equal(`socketio-authorize:${name}`);
  });
});
