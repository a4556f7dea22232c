import { expect } from 'chai';
import * as server from '../../lib';
import { UnauthorizedError } from '../../lib/client';

describe("the client's UnauthorizedError", () => {
  const details = { message: 'sign in again', retryable: true, retryAfter: 500 };

  it('is made as that of the server, and has the same code and data', () => {
    const [own, other] = [
      new UnauthorizedError('signed_out', details),
      new server.UnauthorizedError('signed_out', details),
    ];
    expect(own.data).to.deep.equal(other.data);
    for (const name of ['name', 'message', 'code'] as const) expect(own[name]).to.equal(other[name]);
  });

  it('is not retryable, and has its code as message, unless told otherwise', () => {
    const { message, data } = new UnauthorizedError('signed_out');
    expect([message, data.message, data.retryable]).to.deep.equal(['signed_out', 'signed_out', false]);
  });
});
