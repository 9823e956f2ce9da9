// The crash tests find out servers that lose what they acknowledged or serve damage, and only those.
import test from 'ava';
import { flipOften } from './flips.ts';
import { killOften } from './kills.ts';
import { missingFuse } from '#test/helpers/lossy-disk.ts';
import { cutPowerOften } from './power-cuts.ts';

const noFuse = await missingFuse();
const withFuse = noFuse === undefined ? test.serial : test.serial.skip;
const why = noFuse === undefined ? '' : ` (${noFuse})`;

const toy = (manner: string): readonly string[] => [
  process.execPath,
  'test/helpers/toy-vault.ts',
  manner,
];

test.serial('a careful server survives kill -9', async (t) => {
  const struck = await killOften({ command: toy('careful'), rounds: 3, seed: 1 });
  t.deepEqual(struck.problems, []);
  t.true(struck.acknowledged > 0);
});

test.serial('a server that answers before it writes is found out by kill -9', async (t) => {
  const { problems } = await killOften({ command: toy('forgetful'), rounds: 3, seed: 1 });
  t.not(problems.length, 0);
});

withFuse(`a careful server survives power cuts${why}`, async (t) => {
  const struck = await cutPowerOften({ command: toy('careful'), rounds: 3, seed: 2 });
  t.deepEqual(struck.problems, []);
  t.true(struck.acknowledged > 0);
});

withFuse(`a server that never syncs is found out by a power cut${why}`, async (t) => {
  const { problems } = await cutPowerOften({ command: toy('blind'), rounds: 3, seed: 2 });
  t.not(problems.length, 0);
});

test.serial('a server that checks what it reads is never wrong about a flipped bit', async (t) => {
  const flips = await flipOften({ command: toy('careful'), flips: 12, seed: 3 });
  t.deepEqual([...new Set(flips.map(({ outcome }) => outcome))], ['refused to start']);
});

test.serial('a server that trusts its disk is found out by a flipped bit', async (t) => {
  const flips = await flipOften({ command: toy('trusting'), flips: 12, seed: 3 });
  t.true(flips.some(({ outcome }) => outcome === 'wrong'));
});
