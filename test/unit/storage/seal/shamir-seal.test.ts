import test, { type ExecutionContext } from 'ava';
import { openMemory } from '#storage/memory.ts';
import type { Physical } from '#storage/physical.ts';
import { ShamirSeal } from '#storage/seal/shamir-seal.ts';

const ROOT_KEY = Buffer.from('0123456789abcdef0123456789abcdef');
const WRONG =
  'unable to retrieve stored keys: invalid key: failed to decrypt keys from storage: cipher: message authentication failed';

interface Guarded {
  readonly seal: ShamirSeal;
  readonly physical: Physical;
  readonly shares: readonly Buffer[];
}

async function guarded(secret_shares: number, secret_threshold: number): Promise<Guarded> {
  const physical = openMemory();
  const seal = new ShamirSeal(physical);
  const { shares, records } = seal.guard(ROOT_KEY, { secret_shares, secret_threshold });
  await physical.commit({ reads: new Map(), lists: new Map(), writes: records });
  return { seal, physical, shares };
}

/** Hands in shares by their numbers; the answer to the last. */
function provide(
  t: ExecutionContext,
  { seal, shares }: Guarded,
  ...numbers: number[]
): Buffer | undefined {
  const answers = numbers.map((at) => seal.provide(shares[at] ?? Buffer.alloc(0)));
  t.true(answers.slice(0, -1).every((answer) => answer === undefined));
  return answers.at(-1);
}

test('before initialisation there is no configuration and no unsealing', (t) => {
  const seal = new ShamirSeal(openMemory());
  t.is(seal.config, undefined);
  t.throws(() => seal.provide(Buffer.alloc(33)), { message: 'Vault is not initialized' });
});

test('the threshold of shares opens the root key, in any order', async (t) => {
  const made = await guarded(5, 3);
  t.deepEqual(made.seal.config, { type: 'shamir', secret_shares: 5, secret_threshold: 3 });
  t.is(made.shares.length, 5);
  t.true(made.shares.every(({ length }) => length === 33));
  t.is(provide(t, made, 4, 0), undefined);
  t.is(made.seal.progress.progress, 2);
  t.deepEqual(provide(t, made, 2), ROOT_KEY);
  t.deepEqual(made.seal.progress, { progress: 0, nonce: '' });
  t.deepEqual(provide(t, made, 1, 2, 3), ROOT_KEY, 'again, with others');
});

test('the one share of one is a key of 32 bytes', async (t) => {
  const made = await guarded(1, 1);
  t.deepEqual(
    made.shares.map(({ length }) => length),
    [32],
  );
  t.deepEqual(provide(t, made, 0), ROOT_KEY);
});

test('the same share twice is no progress', async (t) => {
  const made = await guarded(3, 2);
  provide(t, made, 1);
  const { progress } = made.seal;
  t.is(provide(t, made, 1), undefined);
  t.deepEqual(made.seal.progress, progress);
  t.deepEqual(provide(t, made, 0), ROOT_KEY);
});

test('a reset forgets the shares', async (t) => {
  const made = await guarded(3, 2);
  provide(t, made, 1);
  made.seal.reset();
  t.deepEqual(made.seal.progress, { progress: 0, nonce: '' });
  t.is(provide(t, made, 0), undefined);
});

const REFUSED: readonly (readonly [string, number, readonly Buffer[], string])[] = [
  ['wrong shares', 2, [Buffer.alloc(33, 1), Buffer.alloc(33, 2)], WRONG],
  ['a wrong key', 1, [Buffer.alloc(32, 1)], WRONG],
  [
    'a share in place of the key',
    1,
    [Buffer.alloc(33, 1)],
    'invalid key: failed to setup unseal key: crypto/aes: invalid key size 33',
  ],
  [
    'shares of an AES-128 key',
    2,
    [Buffer.alloc(17, 1), Buffer.alloc(17, 2)],
    'invalid key: failed to setup unseal key: crypto/aes: invalid key size 16',
  ],
  [
    'shares of different lengths',
    2,
    [Buffer.alloc(33, 1), Buffer.alloc(32, 2)],
    'invalid key: failed to compute combined key: all parts must be the same length',
  ],
  [
    'different shares with one x coordinate',
    2,
    [Buffer.alloc(33, 1), Buffer.from([2, ...Buffer.alloc(32, 1)])],
    'invalid key: failed to compute combined key: duplicate part detected',
  ],
];

for (const [what, threshold, shares, message] of REFUSED) {
  test(`${what}: refused at the threshold, and forgotten`, async (t) => {
    const made = await guarded(threshold === 1 ? 1 : 3, threshold);
    for (const share of shares.slice(0, -1)) t.is(made.seal.provide(share), undefined);
    const error = t.throws(() => made.seal.provide(shares.at(-1) ?? Buffer.alloc(0)), { message });
    t.is(error && 'status' in error ? error.status : undefined, 400);
    t.deepEqual(made.seal.progress, { progress: 0, nonce: '' });
    const right = Array.from({ length: threshold }, (_, at) => at);
    t.deepEqual(provide(t, made, ...right), ROOT_KEY, 'the right ones open it as before');
  });
}

test('one wrong share among right ones is refused', async (t) => {
  const made = await guarded(5, 3);
  provide(t, made, 0, 1);
  const wrong = Buffer.from(made.shares[2] ?? '');
  wrong[0] = (wrong[0] ?? 0) ^ 1;
  t.throws(() => made.seal.provide(wrong), { message: WRONG });
});

const NUMBERS: readonly (readonly [number, number, string | undefined])[] = [
  [0, 0, 'shares must be at least one'],
  [-1, -1, 'shares must be at least one'],
  [5, 0, 'threshold must be at least one'],
  [3, 1, 'threshold must be greater than one for multiple shares'],
  [256, 3, 'shares must be less than 256'],
  [2, 256, 'threshold must be less than 256'],
  [2, 3, 'threshold cannot be larger than shares'],
  [1, 2, 'threshold cannot be larger than shares'],
  [1, 1, undefined],
  [2, 2, undefined],
  [255, 255, undefined],
];

for (const [secret_shares, secret_threshold, reason] of NUMBERS) {
  test(`${secret_threshold} of ${secret_shares} shares: ${reason ?? 'allowed'}`, (t) => {
    const seal = new ShamirSeal(openMemory());
    const guard = (): unknown => seal.guard(ROOT_KEY, { secret_shares, secret_threshold });
    if (reason === undefined) t.notThrows(guard);
    else t.throws(guard, { message: `invalid seal configuration: ${reason}` });
  });
}

test('the root key is not on disk in plain, nor is a share', async (t) => {
  const { physical, shares } = await guarded(3, 2);
  const stored = ['core/seal-config', 'core/hsm/barrier-unseal-keys'].map((key) =>
    Buffer.from(physical.get(key) ?? ''),
  );
  const bytes = Buffer.concat(stored);
  t.true(bytes.length > 48);
  for (const secret of [ROOT_KEY, ...shares]) t.false(bytes.includes(secret.subarray(0, 16)));
});
