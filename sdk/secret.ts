// A leased credential: how it is renewed and revoked.
import type { CallContext } from './call.ts';
import type { Seconds } from './duration.ts';

/** What a renewal or revocation is given: the mount as a handler sees it, and what the lease kept. */
export interface SecretCall<E, I> extends Pick<
  CallContext<E>,
  'engine' | 'storage' | 'mount' | 'clock'
> {
  readonly internal: I;
}

export interface Secret<E, I extends object> {
  readonly type: string;
  /** Makes the credential live `ttl` seconds from now. */
  readonly renew: (call: SecretCall<E, I> & { readonly ttl: Seconds }) => Promise<void>;
  /** Ends the credential. One that is already gone counts as ended. */
  readonly revoke: (call: SecretCall<E, I>) => Promise<void>;
}

export function defineSecret<E, I extends object>(
  type: string,
  how: Omit<Secret<E, I>, 'type'>,
): Secret<E, I> {
  return { type, ...how };
}
