import type { JwtClaims, SocketAuth, TokenIdentity } from '../types';

/** What a verified token gives: the ground that a session stands on until it ends or is renewed. */
export interface Permit {
  /** As `validate` left them. */
  readonly claims: JwtClaims;
  /** What revocation looks at; read before `validate`. */
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
