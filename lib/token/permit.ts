import type { JwtClaims, SocketAuth, TokenIdentity } from '../types';

/** What a verified token grants: a session has it until it ends or is renewed. */
export interface Permit {
  /** As `validate` left them. */
  readonly claims: JwtClaims;
  /** What revocation rules are compared with; read before `validate`. */
  readonly identity: TokenIdentity;
  /** Equal for two tokens of one user, see `userKeyOf`; read before `validate`. */
  readonly userKey: string;
  /** What `decoded_token` holds. */
  readonly decoded: unknown;
  /** The encoded token; unknown for a session that was restored. */
  readonly token: string | undefined;
  /** When it ends, in ms since the epoch; `Infinity` if never. */
  readonly endsAt: number;
}

/** What others may see of a permit. */
export function toSocketAuth({ claims, endsAt }: Permit): SocketAuth {
  return { claims, expiresAt: endsAt === Infinity ? null : endsAt };
}

/**
 * What recovery keeps of a session while its client is away; plain data, because adapters write it as JSON. It includes
 * the user, because `validate` may have changed the claims that name the user.
 */
export interface KeptSession extends SocketAuth {
  readonly identity: TokenIdentity;
  readonly userKey: string;
}

/** What to keep of a permit. */
export function toKeptSession(permit: Permit): KeptSession {
  const { identity, userKey } = permit;
  return { ...toSocketAuth(permit), identity, userKey };
}

/** Reads a kept session; `undefined` for anything else, such as the format of an older version. */
export function parseKeptSession(kept: unknown): KeptSession | undefined {
  if (!isObject(kept)) return undefined;
  const { claims, expiresAt, identity, userKey } = kept as Partial<KeptSession>;
  if (!isObject(claims) || !isObject(identity) || typeof userKey !== 'string') return undefined;
  if (expiresAt !== null && !Number.isFinite(expiresAt)) return undefined;
  return { claims, expiresAt: expiresAt ?? null, identity, userKey };
}

function isObject<Value>(value: Value): value is Value & object {
  return typeof value === 'object' && value !== null;
}
