// A process of its own that opens a barrier, works with it, seals it and then waits, so that a test can search its
// memory for keys. Run as: node --expose-gc sealed-process.ts FOLDER SEED. It makes its root key from the seed itself:
// a key that was handed in would be found where it came in.
import { hash } from 'node:crypto';
import { Barrier } from '#storage/barrier/barrier.ts';
import { openLevel } from '#storage/level.ts';
import { ShamirSeal } from '#storage/seal/shamir-seal.ts';
import { manualClock } from '#test/helpers/barrier.ts';

const [folder = '', seed = ''] = process.argv.slice(2);

/** Shares go out to their keepers and come back; nobody keeps the buffers. */
async function work(): Promise<void> {
  const physical = await openLevel(folder);
  const rootKey = hash('sha256', seed, 'buffer');
  const seal = new ShamirSeal(physical);
  const { shares, records } = seal.guard(rootKey, { secret_shares: 3, secret_threshold: 2 });
  const barrier = new Barrier(physical, manualClock());
  await barrier.initialise(rootKey, records);
  rootKey.fill(0);

  seal.provide(shares[0] ?? Buffer.alloc(0));
  const opened = seal.provide(shares[2] ?? Buffer.alloc(0));
  if (opened === undefined) throw new Error('two shares open the seal');
  for (const share of shares) share.fill(0);
  barrier.unseal(opened);
  opened.fill(0);
  for (let round = 0; round < 200; round++) {
    const transaction = barrier.begin();
    transaction.put(`a/${round % 20}`, { round });
    await transaction.commit();
    barrier.read(`a/${round % 20}`);
  }
  await barrier.rotate();
  await barrier.saveEncryptions();
  if (seed === 'unsealed') Reflect.set(globalThis, 'kept', barrier);
  else barrier.seal();
  await physical.close();
}

await work();
// What nobody refers to any more is zeroed by OpenSSL when V8 lets go of it.
for (let round = 0; round < 5; round++) {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write('ready\n');
process.stdin.resume();
