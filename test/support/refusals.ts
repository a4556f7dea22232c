import type { UnauthorizedData } from '../../lib';
import type { TestClient } from './world';

/** What `authenticate` was answered. */
export interface Reply {
  ok: boolean;
  expiresAt?: number | null;
  expiresIn?: number | null;
  error?: UnauthorizedData;
}

/** Shows a token and waits for the answer. */
export async function show(client: TestClient, token: unknown): Promise<Reply> {
  return (await client.authenticate(token)) as Reply;
}

/** What the next refusal says. */
export async function refusal(client: TestClient): Promise<UnauthorizedData> {
  const [payload] = (await client.until('unauthorized')) as [{ data: UnauthorizedData }];
  return payload.data;
}

/** What handshake mode refused a connection with. */
export async function connectError(client: TestClient): Promise<UnauthorizedData> {
  const [error] = (await client.until('connect_error')) as [{ data: UnauthorizedData }];
  return error.data;
}

/** As {@link connectError}; fails at once if the client is let in. */
export function refusedAtConnect(client: TestClient): Promise<UnauthorizedData> {
  const isIn = client.until('connect').then(() => {
    throw new Error('the client was let in');
  });
  return Promise.race([connectError(client), isIn]);
}

/** Comes back when the server has dealt with everything that the client sent before: it answers in order. */
export async function settled(client: TestClient): Promise<void> {
  await client.socket.emitWithAck('deauthenticate');
}
