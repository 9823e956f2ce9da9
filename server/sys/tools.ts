// sys/tools: random bytes and hashes, for clients without a good source of their own.
// https://developer.hashicorp.com/vault/api-docs/system/tools
import { hash, randomBytes } from 'node:crypto';
import { badRequest } from '#sdk/errors.ts';
import { text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const BYTES_STANDARD = 32;
/** Vault's bound: an answer of 128 KiB. */
const BYTES_MAX = 128 * 1024;

const ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['sha2-224', 'sha224'],
  ['sha2-256', 'sha256'],
  ['sha2-384', 'sha384'],
  ['sha2-512', 'sha512'],
  ['sha3-224', 'sha3-224'],
  ['sha3-256', 'sha3-256'],
  ['sha3-384', 'sha3-384'],
  ['sha3-512', 'sha3-512'],
]);

const SOURCES = new Set(['platform', 'seal', 'all']);

const RANDOM_HELP =
  'Generate random bytes\n\nThis function can be used to generate high-entropy random bytes.';

const randomFields = {
  urlbytes: text('The number of bytes to generate, in the URL'),
  bytes: text('The number of bytes to generate').default(String(BYTES_STANDARD)),
  format: text('Encoding format of the bytes: "hex" or "base64"').default('base64'),
  source: text('Which system to source random data from').default('platform'),
} as const;

interface RandomRequest {
  readonly urlbytes?: string | undefined;
  readonly bytes: string;
  readonly format: string;
  readonly source: string;
}

const makeRandom = { standby: 'serve', summary: 'Generate random bytes' } as const;
const operations = {
  write: { ...makeRandom, handler: ({ data }: { readonly data: RandomRequest }) => random(data) },
} as const;

const randomPath = path('tools/random{/urlbytes}', {
  help: RANDOM_HELP,
  fields: randomFields,
  operations,
});

const randomOfSource = path('tools/random/{source}/{urlbytes}', {
  help: RANDOM_HELP,
  fields: randomFields,
  operations,
});

const hashPath = path('tools/hash{/urlalgorithm}', {
  help: 'Generate a hash sum for input data\n\nGenerates a hash sum of the given algorithm against the given input data.',
  fields: {
    urlalgorithm: text('Algorithm to use, in the URL'),
    algorithm: text('Algorithm to use').default('sha2-256'),
    input: text('The base64-encoded input data').default(''),
    format: text('Encoding format of the sum: "hex" or "base64"').default('hex'),
  },
  operations: {
    write: {
      standby: 'serve',
      summary: 'Hash what is sent',
      handler: ({ data }) => {
        const name = data.urlalgorithm ?? data.algorithm;
        const algorithm = ALGORITHMS.get(name);
        if (algorithm === undefined) throw badRequest(`unsupported algorithm ${name}`);
        if (data.format !== 'hex' && data.format !== 'base64') {
          throw badRequest(`unsupported encoding format ${data.format}; must be "hex" or "base64"`);
        }
        return reply({ sum: hash(algorithm, decodeBase64(data.input), data.format) });
      },
    },
  },
});

export const toolPaths = [randomPath, randomOfSource, hashPath];

function random({ urlbytes, bytes, format, source }: RandomRequest) {
  // A source alone in the URL asks for the usual number of bytes from there.
  const [count, from] =
    urlbytes !== undefined && SOURCES.has(urlbytes)
      ? [bytes, urlbytes]
      : [urlbytes ?? bytes, source];
  if (!SOURCES.has(from)) {
    throw badRequest(
      `unsupported entropy source "${from}"; must be "platform" or "seal", or "all"`,
    );
  }
  if (format !== 'hex' && format !== 'base64') {
    throw badRequest(`unsupported encoding format "${format}"; must be "hex" or "base64"`);
  }
  return reply({ random_bytes: randomBytes(countOf(count)).toString(format) });
}

function countOf(given: string): number {
  if (!/^[+-]?\d+$/.test(given)) throw badRequest('error parsing url-set byte count: not a number');
  const count = Number(given);
  if (count < 1) throw badRequest('"bytes" cannot be less than 1');
  if (count > BYTES_MAX) throw badRequest(`"bytes" should be less than ${BYTES_MAX}`);
  return count;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBase64(given: string): Buffer {
  const bare = given.replaceAll(/[\r\n]/g, '');
  if (!BASE64.test(bare)) throw badRequest('unable to decode input as base64: illegal base64 data');
  return Buffer.from(bare, 'base64');
}
