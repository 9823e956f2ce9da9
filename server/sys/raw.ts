// sys/raw: the records of storage as they lie below every mount, for whoever has to mend a server. Served only where the
// configuration says so.
import type { Call } from '#sdk/call.ts';
import { badRequest, unsupportedPath } from '#sdk/errors.ts';
import { rest, text } from '#sdk/field.ts';
import { isJsonObject, parseJson } from '#sdk/json.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, reply } from '#sdk/reply.ts';
import { isKey, isPrefix } from '#sdk/storage.ts';
import { checkKey, InvalidKeyError, isOutsideBarrier } from '#storage/key.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

/** What was written here and is no JSON object: the bytes, as no record of the server's own looks. */
interface RawRecord {
  readonly raw_base64: string;
}

type At = { readonly path: string };
type RawCall = Call<System, At>;

const raw = path('raw/{path...}', {
  help: 'Write, Read, and Delete data directly in the Storage backend.',
  access: 'sudo',
  fields: {
    path: rest('The key of the record'),
    value: text('The record').default(''),
    encoding: text('"base64" for a record that is no text').default(''),
    compression_type: text('Records are not compressed').default(''),
    compressed: text('Records are not compressed').default(''),
  },
  operations: {
    read: {
      summary: 'Read a record',
      handler: (call) => read(call, call.data.encoding),
    },
    list: {
      summary: 'List the records below a prefix',
      handler: (call) => {
        requireServed(call);
        const { engine, data } = call;
        return isPrefix(data.path) ? listReply(engine.transaction.list(data.path)) : undefined;
      },
    },
    write: {
      summary: 'Write a record',
      handler: (call) => {
        requireKey(call);
        const { value, encoding, compression_type: compression } = call.data;
        if (compression !== '') throw badRequest('compression is not supported');
        call.engine.transaction.put(call.data.path, toRecord(decode(value, encoding)));
        return undefined;
      },
    },
    delete: {
      summary: 'Delete a record',
      handler: (call) => {
        requireKey(call);
        call.engine.transaction.delete(call.data.path);
        return undefined;
      },
    },
  },
});

export const rawPaths = [raw];

function requireServed({ engine }: RawCall): void {
  if (!engine.services.node.isRawServed) throw unsupportedPath();
}

/** @throws ClientError 400 for what lies outside of the barrier, and for what no key is */
function requireKey(call: RawCall): void {
  requireServed(call);
  const key = call.data.path;
  if (isOutsideBarrier(key)) throw badRequest(`cannot access '${key}'`);
  try {
    checkKey(key);
  } catch (error) {
    throw error instanceof InvalidKeyError ? badRequest(error.message) : error;
  }
}

function read(call: RawCall, encoding: string) {
  requireServed(call);
  if (!isKey(call.data.path)) return undefined;
  requireKey(call);
  if (encoding !== '' && encoding !== 'base64') throw unknownEncoding(encoding);
  const record = call.engine.transaction.get<object>(call.data.path);
  if (record === undefined) return undefined;
  return reply({ value: fromRecord(record).toString(encoding === 'base64' ? 'base64' : 'utf8') });
}

function toRecord(bytes: Buffer): object {
  try {
    const value = parseJson(bytes.toString());
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { raw_base64: bytes.toString('base64') } satisfies RawRecord;
}

function fromRecord(record: object): Buffer {
  const { raw_base64: bytes } = record as Partial<RawRecord>;
  if (bytes !== undefined && Object.keys(record).length === 1) return Buffer.from(bytes, 'base64');
  return Buffer.from(JSON.stringify(record));
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decode(value: string, encoding: string): Buffer {
  if (encoding === '') return Buffer.from(value);
  if (encoding !== 'base64') throw unknownEncoding(encoding);
  if (!BASE64.test(value)) throw badRequest('value is not base64');
  return Buffer.from(value, 'base64');
}

const unknownEncoding = (encoding: string): Error => badRequest(`invalid encoding "${encoding}"`);
