// What a client asks, put to the storage in the way in which the server does: reads are confirmed, a transaction carries
// what it has seen, and is run again when that has changed.
import {
  NoLeaderError,
  NotLeaderError,
  RefusedError,
  type ClusterStorage,
} from '#storage/cluster-storage.ts';
import { ConflictError, type Index } from '#storage/physical.ts';
import type { Value } from './keys-model.ts';
import type { Transaction } from './light-machine.ts';
import type { Reply, Request, RestoreRequest } from './server.ts';

export interface Asked {
  readonly storage: ClusterStorage;
  /** Waits for a little while. */
  readonly pause: () => Promise<void>;
}

/** Answers at once if nothing has to be waited for. */
export function answerOf(
  { storage, pause }: Asked,
  request: Request,
  answer: (reply: Reply) => void,
): void {
  const fail = (error: unknown): void => answer(replyTo(error));
  if (request.type === 'transaction') {
    run(storage, request.transaction).then(answer, fail);
    return;
  }
  if (request.type === 'restore') {
    restore({ storage, pause }, request).then(answer, fail);
    return;
  }
  const look = (): void => {
    try {
      answer(seen(storage, request));
    } catch (error) {
      fail(error);
    }
  };
  const confirmed = storage.confirm();
  if (confirmed === undefined) look();
  else confirmed.then(look, fail);
}

/** A request that meets others too often is given up. */
const ATTEMPTS = 5;

async function run(storage: ClusterStorage, { reads, writes }: Transaction): Promise<Reply> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (reads.length > 0) await storage.confirm();
    if (reads.some(([key, value]) => valueOf(storage, key) !== value)) return { type: 'mismatch' };
    try {
      await storage.commit({
        reads: new Map(reads.map(([key]) => [key, storage.indexOf(key)] as [string, Index])),
        lists: new Map(),
        writes: new Map(writes.map(([key, value]) => [key, bytesOf(value)])),
      });
      return { type: 'done' };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  return { type: 'failed' };
}

async function restore(
  { storage, pause }: Asked,
  { keys, onSave }: RestoreRequest,
): Promise<Reply> {
  const saved = storage.save();
  const values = new Map(keys.map((key) => [key, valueOf(storage, key)] as const));
  const chunks: Uint8Array[] = [];
  try {
    await pause(); // what is written meanwhile is no part of it
    for await (const chunk of saved.chunks()) chunks.push(chunk);
  } finally {
    saved.release();
  }
  if (!onSave(values)) return { type: 'failed' };
  await storage.restore(asStream(chunks));
  return { type: 'done' };
}

async function* asStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function seen(
  storage: ClusterStorage,
  request: Exclude<Request, { type: 'transaction' | 'restore' }>,
): Reply {
  if (request.type === 'read') return { type: 'read', value: valueOf(storage, request.key) };
  const { folder } = request;
  return { type: 'listed', names: storage.list(folder).map((name) => folder + name) };
}

function valueOf(storage: ClusterStorage, key: string): Value {
  const value = storage.get(key);
  return value === undefined ? null : Buffer.from(value).toString();
}

function bytesOf(value: Value): Uint8Array | undefined {
  return value === null ? undefined : Buffer.from(value);
}

/** What is surely not done has failed; of everything else nobody knows. */
function replyTo(error: unknown): Reply {
  const isNothing =
    error instanceof NotLeaderError ||
    error instanceof RefusedError ||
    error instanceof NoLeaderError;
  return { type: isNothing ? 'failed' : 'unknown' };
}
