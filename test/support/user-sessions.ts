import type { Server } from 'socket.io';
import type { Authorizer, AuthorizeOptions } from '../../lib';
import type { RedisConnection } from './redis';
import { createToken } from './tokens';
import type { TestClient } from './world';

/** The table of logins of `examples/user-sessions`. */
export interface Logins {
  of(user: string): Promise<string[]>;
  add(user: string, sid: string): Promise<unknown>;
  remove(user: string, sids: readonly string[]): Promise<unknown>;
}

/** `examples/user-sessions/recipes.js` */
export interface SessionRecipes {
  options: Pick<AuthorizeOptions, 'rooms' | 'validate'>;
}

/** `examples/user-sessions/logins.js` */
export interface SessionLogins {
  memoryLogins(): Logins;
  redisLogins(client: RedisConnection): Logins;
}

/** `examples/user-sessions/events.js` */
export interface SessionEvents {
  handleSessions(io: Server, auth: Authorizer, logins: Logins, oneDevice?: boolean): void;
}

let tokens = 0;

/** The name of a login: no two users have one alike, because a rule by `sid` names no user. */
export const sidOf = (sub: string, device: string): string => `the ${device} of ${sub}`;

/** A token of one login; the next one of the same login differs from it. */
export function deviceToken(sub: string, device: string, loginAt: number): string {
  tokens += 1;
  return createToken({ sub, sid: sidOf(sub, device), auth_time: loginAt, jti: `token ${tokens}` });
}

/** One entry of the list of sessions. */
export interface Listed {
  sid: string;
  since: number;
  expiresAt: number | null;
  isThisDevice: boolean;
}

/** What a client is answered about its user's sessions. */
export async function listed(client: TestClient): Promise<Listed[]> {
  const { value } = (await client.socket.emitWithAck('sessions')) as { value: Listed[] };
  return value.toSorted((one, other) => one.since - other.since);
}
