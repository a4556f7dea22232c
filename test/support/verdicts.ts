import { isUnauthorizedError } from '../../lib';
import type { UnauthorizedData } from '../../lib';

/** What a verification was refused with; anything else fails the test. */
export async function refusalOf(verification: Promise<unknown>): Promise<UnauthorizedData> {
  const outcome = await verification.then(
    (claims) => new Error(`accepted: ${JSON.stringify(claims)}`),
    (fault: unknown) => fault,
  );
  if (isUnauthorizedError(outcome)) return outcome.data;
  throw outcome;
}
