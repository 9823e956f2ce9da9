// What is left in the memory of a server that was sealed. Nothing that was used to read the storage: no root key and no key of
// the barrier. Only Linux lets a process look into another one's memory as a file.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { createSecretKey } from 'node:crypto';
import { openEnvelope } from '#storage/barrier/envelope.ts';
import { KEYRING_KEY } from '#storage/key.ts';
import { openLevel } from '#storage/level.ts';
import { combine } from '#storage/seal/shamir.ts';
import { ShamirSeal } from '#storage/seal/shamir-seal.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const inLinux = process.platform === 'linux' ? test : test.skip;

interface Victim {
  readonly pid: number;
  /** Gives an order, and waits until it was carried out. */
  tell(order: string): Promise<void>;
  ask(method: string, path: string, body: object, token?: string): Promise<Json>;
}

type Json = Readonly<Record<string, unknown>>;

async function startVictim(t: ExecutionContext, folder: string): Promise<Victim> {
  const script = 'test/security/helpers/server-process.ts';
  const child: ChildProcess = spawn(process.execPath, ['--disable-proto=throw', script, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const { stdin, stdout, pid = 0 } = child;
  if (stdin === null || stdout === null) throw new Error('there are pipes');
  const lines = createInterface({ input: stdout });
  const [address] = (await once(lines, 'line')) as [string];
  return {
    pid,
    tell: async (order) => {
      stdin.write(`${order}\n`);
      await once(lines, 'line');
    },
    ask: async (method, path, body, token = '') => {
      const answer = await fetch(`http://${address}/v1/${path}`, {
        method,
        headers: { 'X-Vault-Token': token },
        ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return (text === '' ? {} : JSON.parse(text)) as Json;
    },
  };
}

/** How often each of the needles is in the memory that a process can write to. */
function searchMemory(pid: number, needles: ReadonlyMap<string, Buffer>): Record<string, number> {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const found = Object.fromEntries([...needles.keys()].map((name) => [name, 0]));
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (range === null) continue;
    const [start, end] = [range[1], range[2]].map((hex) => Number.parseInt(hex ?? '', 16));
    if (start === undefined || end === undefined) continue;
    for (const bytes of pieces(memory, start, end)) {
      for (const [name, needle] of needles) found[name] = (found[name] ?? 0) + count(bytes, needle);
    }
  }
  closeSync(memory);
  return found;
}

const PIECE_BYTES = 16 * 1024 * 1024;
/** Longer than any needle, so that none is missed between two pieces. */
const OVERLAP_BYTES = 256;

function* pieces(memory: number, start: number, end: number): Generator<Buffer> {
  for (let at = start; at < end; at += PIECE_BYTES) {
    const bytes = Buffer.alloc(Math.min(PIECE_BYTES + OVERLAP_BYTES, end - at));
    try {
      yield bytes.subarray(0, readSync(memory, bytes, 0, bytes.length, at));
    } catch {
      // Some of what is mapped cannot be read by anybody.
    }
  }
}

function count(bytes: Buffer, needle: Buffer): number {
  let times = 0;
  for (let at = bytes.indexOf(needle); at !== -1; at = bytes.indexOf(needle, at + 1)) times += 1;
  return times;
}

/** The keys that a storage is opened with, from a copy of it and from the shares. */
async function keysOf(folder: string, shares: readonly Buffer[]): Promise<Map<string, Buffer>> {
  const physical = await openLevel(folder);
  const seal = new ShamirSeal(physical);
  const rootKey = seal.openRootKey(shares);
  const keyring = openEnvelope(
    createSecretKey(rootKey),
    KEYRING_KEY,
    physical.get(KEYRING_KEY) ?? Buffer.alloc(0),
  );
  await physical.close();
  // The first key of the keyring stands behind its header, term, time and count.
  const barrierKey = keyring.subarray(5 + 20, 5 + 20 + 32);
  return new Map([
    ['root key', rootKey],
    ['barrier key', Buffer.from(barrierKey)],
    ['unseal key', combine(shares)],
    ['share', shares[0] ?? Buffer.alloc(0)],
  ]);
}

inLinux('a sealed server has forgotten the root key and the keys of the barrier', async (t) => {
  const folder = temporaryFolder(t);
  const data = join(folder, 'data');
  const victim = await startVictim(t, data);
  const made = await victim.ask('PUT', 'sys/init', { secret_shares: 3, secret_threshold: 2 });
  const shares = (made['keys_base64'] as string[]).slice(0, 2);
  const token = String(made['root_token']);
  for (const key of shares) await victim.ask('PUT', 'sys/unseal', { key });
  await victim.tell('mount');
  for (let round = 0; round < 20; round += 1) {
    await victim.ask('PUT', `kv/a${round}`, { value: `treasure-${round}-4f8e` }, token);
    await victim.ask('GET', `kv/a${round}`, {}, token);
  }
  const copy = join(folder, 'copy');
  cpSync(data, copy, { recursive: true });
  const keys = await keysOf(
    copy,
    shares.map((share) => Buffer.from(share, 'base64')),
  );

  const open = searchMemory(victim.pid, keys);
  t.true((open['root key'] ?? 0) > 0 && (open['barrier key'] ?? 0) > 0, 'an open server has keys');

  await victim.tell('seal');
  const sealed = searchMemory(victim.pid, keys);
  t.deepEqual(sealed, { 'root key': 0, 'barrier key': 0, 'unseal key': 0, share: 0 });
});
