// After sealing, no key is left in the memory of the process. Linux shows it to the owner.
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createSecretKey } from 'node:crypto';
import { openEnvelope } from '#storage/barrier/envelope.ts';
import { openLevel } from '#storage/level.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const onLinux = existsSync('/proc/self/mem') ? test : test.skip;

onLinux('a sealed process holds no key, an unsealed one does', async (t) => {
  const sealed = await countKeys(t, 'sealed');
  t.deepEqual(sealed, { root: 0, terms: [0, 0] });
  const unsealed = await countKeys(t, 'unsealed');
  t.true(unsealed.root > 0 && unsealed.terms.every((count) => count > 0), JSON.stringify(unsealed));
});

interface Found {
  readonly root: number;
  readonly terms: readonly number[];
}

/** How often the root key and the keys of the keyring are in the memory of a process that has done its work. */
async function countKeys(t: ExecutionContext, seed: string): Promise<Found> {
  const folder = join(temporaryFolder(t), 'store');
  const child = spawn(
    process.execPath,
    ['--expose-gc', 'test/helpers/sealed-process.ts', folder, seed],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  t.is(said.toString(), 'ready\n');

  const rootKey = hash('sha256', seed, 'buffer');
  const terms = await readKeys(folder, rootKey);
  t.is(terms.length, 2);
  const counts = countInMemory(child.pid ?? 0, [rootKey, ...terms]);
  child.kill('SIGKILL');
  return { root: counts[0] ?? 0, terms: counts.slice(1) };
}

/** The raw keys of the keyring, as it lies in a store. */
async function readKeys(folder: string, rootKey: Buffer): Promise<Buffer[]> {
  const physical = await openLevel(folder);
  const envelope = physical.get('core/keyring') ?? Buffer.alloc(0);
  const bytes = openEnvelope(createSecretKey(rootKey), 'core/keyring', envelope);
  await physical.close();
  return [25, 77].map((start) => bytes.subarray(start, start + 32));
}

function countInMemory(pid: number, needles: readonly Buffer[]): number[] {
  const counts = needles.map(() => 0);
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, start = '', end = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    if (start === '') continue;
    const region = readRegion(memory, parseInt(start, 16), parseInt(end, 16));
    needles.forEach((needle, at) => (counts[at] = (counts[at] ?? 0) + occurrences(region, needle)));
  }
  closeSync(memory);
  return counts;
}

/** Parts that cannot be read (they are not backed by memory) have nothing in them. */
function readRegion(memory: number, start: number, end: number): Buffer {
  const region = Buffer.alloc(Math.min(end - start, 512 * 1024 * 1024));
  try {
    readSync(memory, region, 0, region.length, start);
  } catch {
    region.fill(0);
  }
  return region;
}

function occurrences(region: Buffer, needle: Buffer): number {
  let count = 0;
  for (let at = region.indexOf(needle); at !== -1; at = region.indexOf(needle, at + 1)) count += 1;
  return count;
}
