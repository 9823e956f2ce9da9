// Headers that answers of the user interface have besides, set through sys/config/ui/headers.
import { badRequest } from '#sdk/errors.ts';
import type { Transaction } from '#storage/transaction.ts';

const UI_HEADERS_KEY = 'core/ui/headers';
/** More would not fit into what clients read of a header block. */
const HEADERS_MAX = 64;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

type Headers = Readonly<Record<string, readonly string[]>>;

interface HeadersRecord {
  readonly headers: Headers;
}

/** By name, in lower case. */
export function readUiHeaders(transaction: Transaction): Headers {
  return transaction.get<HeadersRecord>(UI_HEADERS_KEY)?.headers ?? {};
}

/** @throws ClientError 400 for what is no header, or one of the server's own */
export function putUiHeader(
  transaction: Transaction,
  given: string,
  values: readonly string[],
): void {
  const name = given.toLowerCase();
  if (!NAME.test(name)) throw badRequest('invalid header name');
  if (name.startsWith('x-vault-')) throw badRequest('X-Vault headers cannot be set');
  if (values.length === 0) throw badRequest('header values cannot be empty');
  if (values.some((value) => /[\r\n\0]/.test(value))) throw badRequest('invalid header value');
  const headers = { ...readUiHeaders(transaction), [name]: values };
  if (Object.keys(headers).length > HEADERS_MAX) throw badRequest('too many headers');
  transaction.put(UI_HEADERS_KEY, { headers } satisfies HeadersRecord);
}

export function deleteUiHeader(transaction: Transaction, given: string): void {
  const { [given.toLowerCase()]: gone, ...headers } = readUiHeaders(transaction);
  if (gone !== undefined) transaction.put(UI_HEADERS_KEY, { headers } satisfies HeadersRecord);
}
