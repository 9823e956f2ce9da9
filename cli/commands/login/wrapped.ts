// A login that was asked for wrapped: the token inside is what gets kept.
import type { Client } from '../../client/client.ts';
import type { Secret } from '../../client/secret.ts';
import { orFail, serverFailure } from '../../failure.ts';

export interface Opened {
  readonly secret: Secret;
  /** Whether it is still wrapped. */
  readonly isWrapped: boolean;
}

/** Unwraps an answer, unless it shall stay as it is. */
export async function openWrapped(
  client: Client,
  answer: Secret | undefined,
  staysWrapped: boolean,
): Promise<Opened> {
  if (answer === undefined) throw serverFailure('Vault returned an empty secret');
  if (answer.wrapInfo === undefined) return { secret: answer, isWrapped: false };
  if (staysWrapped) return { secret: answer, isWrapped: true };
  client.token = answer.wrapInfo.token;
  const unwrapped = client.call('PUT', 'sys/wrapping/unwrap', { body: {}, isAside: true });
  const secret = await orFail('Error extracting token', unwrapped);
  if (secret === undefined) throw serverFailure('Vault returned an empty secret');
  return { secret, isWrapped: false };
}
