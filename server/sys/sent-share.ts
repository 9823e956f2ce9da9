// What paths take that collect shares of the key, and how they answer: plain JSON, as Vault has it there.
import { badRequest } from '#sdk/errors.ts';
import { sensitive, text } from '#sdk/field.ts';
import { raw, type RawReply } from '#sdk/reply.ts';
import type { SentShare } from '../share-attempt.ts';

const HEX = /^(?:[0-9a-fA-F]{2})+$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export const shareFields = {
  key: sensitive('A share of the key, in hex or base64').default(''),
  nonce: text('The nonce of the attempt').default(''),
} as const;

/** @throws ClientError 400 for a share that is neither hex nor base64 */
export function sentShare(
  id: string,
  { key, nonce }: { readonly key: string; readonly nonce: string },
): SentShare {
  if (key === '') throw badRequest("'key' must be specified in request body as JSON");
  if (HEX.test(key)) return { id, share: Buffer.from(key, 'hex'), nonce };
  if (!BASE64.test(key)) throw badRequest("'key' must be a valid hex or base64 string");
  return { id, share: Buffer.from(key, 'base64'), nonce };
}

export function plain(value: Readonly<Record<string, unknown>>): RawReply {
  const body = `${JSON.stringify(value)}\n`;
  return raw({ status: 200, contentType: 'application/json', body });
}
