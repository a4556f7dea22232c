import type { KeyFunction } from '../options';
import type { KeySource } from '../token/key-function';
import { isFactory } from '../runtime/factories';
import { toVerificationKeys } from '../token/keys';
import type { VerificationKey } from '../token/keys';
import type { TokenVerifier } from '../token/verifier';
import type { OptionName, Options } from './option-defaults';

/** Options that say how the library verifies. They cannot be combined with `verify`. */
const NOT_WITH_VERIFY = [
  'secret',
  'algorithms',
  'issuer',
  'audience',
  'subject',
  'jwtid',
  'nonce',
  'ignoreNotBefore',
] as const satisfies readonly OptionName[];

/**
 * Where the keys come from: your own verifier, a function that finds the key, or keys that are read now.
 *
 * @throws TypeError if `secret` holds no usable key, or an option contradicts `verify`
 */
export function toKeySource(options: Options, verifier: TokenVerifier): KeySource {
  const { verify, secret } = options as { verify?: Options['verify']; secret?: unknown };
  if (verify !== undefined) {
    // It would refuse every token.
    if (isFactory(verify)) {
      throw new TypeError(
        'options.verify must be what jwksVerifier() returns, such as jwksVerifier({ issuer, audience })',
      );
    }
    const other = NOT_WITH_VERIFY.find((name) => name in options);
    if (other === undefined) return { verify };
    throw new TypeError(`options.${other} must not be combined with options.verify, which replaces it`);
  }
  if (typeof secret === 'function') {
    if (isFactory(secret) || 'clockTolerance' in secret)
      throw new TypeError('options.secret: what jwksVerifier() returns belongs in options.verify');
    return { find: secret as KeyFunction };
  }
  if (Array.isArray(secret) && secret.length === 0)
    throw new TypeError('options.secret must not be an empty list');
  const materials: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
  return {
    keys: materials.flatMap((material, index) =>
      toStartKeys(material, Array.isArray(secret) ? `[${index}]` : '', verifier),
    ),
  };
}

/** What else the option may be, for those who gave something that is no key at all. */
function others(material: unknown): string {
  if (material === undefined)
    return '; or a list of these, or a function that finds the key; or use options.verify. Is an environment variable not set?';
  return typeof material === 'string' ? '' : '; or a list of these, or a function that finds the key';
}

function toStartKeys(material: unknown, place: string, verifier: TokenVerifier): readonly VerificationKey[] {
  let keys: readonly VerificationKey[];
  try {
    keys = toVerificationKeys(material);
  } catch (cause) {
    throw new TypeError(`options.secret${place}: ${(cause as Error).message}${others(material)}`, { cause });
  }
  if (keys.some((key) => verifier.algorithmsFor(key).length > 0)) return keys;
  const algorithms = keys.flatMap((key) => key.algorithms).join(', ');
  throw new TypeError(
    `options.algorithms must name one that options.secret${place} can verify: ${algorithms}`,
  );
}
