// What a lease is given: how long it lasts, with which token it ends, and what may be said of its failure.
import type { Millis } from '#sdk/clock.ts';
import { seconds, type Seconds } from '#sdk/duration.ts';
import { assert, ClientError } from '#sdk/errors.ts';
import type { LeaseReply } from '#sdk/reply.ts';
import type { Mount } from '../mount/mount.ts';
import type { TokenEntry } from '../token/entry.ts';
import { calculateTtl, endOf, secondsUntil, type TtlResult } from '../token/ttl.ts';

const NONE = seconds(0);

export interface FirstTerms {
  readonly ttl: Seconds;
  readonly maxTtl: Seconds;
  readonly result: TtlResult;
}

/** What the engine asked for, and what becomes of it at first. */
export function firstTerms(
  reply: Pick<LeaseReply, 'ttl' | 'maxTtl'>,
  { facts }: Pick<Mount, 'facts'>,
  now: Millis,
): FirstTerms {
  const asked = { ttl: reply.ttl ?? NONE, maxTtl: reply.maxTtl ?? NONE };
  const rest = { increment: NONE, explicitMaxTtl: NONE, period: NONE, start: now, now };
  const result = calculateTtl({ ...asked, ...rest }, facts);
  assert(result !== undefined, 'what begins now has not reached its end');
  return { ...asked, result };
}

/** An end that is not beyond that of the batch token which asked. */
export function endWithin(
  now: Millis,
  ttl: Seconds,
  notAfter: Millis | undefined,
): { readonly expiresAt: Millis; readonly duration: Seconds } {
  const end = endOf(now, ttl);
  if (notAfter === undefined || end <= notAfter) return { expiresAt: end, duration: ttl };
  return { expiresAt: notAfter, duration: secondsUntil(notAfter, now) };
}

/** A batch token has no record that could be seen to go; its parent has. */
export const ownerOf = ({ type, key, parent }: TokenEntry): string =>
  type === 'batch' ? parent : key;

/** What the engine means for clients; anything else stays in the log. */
export const reasonOf = (error: unknown): string =>
  error instanceof ClientError ? error.message : 'the secrets engine failed';
