// A short run of the model; the long one is `npm run model`.
import { join } from 'node:path';
import test from 'ava';
import { LevelMedia } from '#storage/machine-level.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';
import { realTimer, runModel } from './machine.ts';

const MEDIA = [
  ['memory', () => new VirtualMedia({ timer: realTimer })],
  ['level', (folder: string) => new LevelMedia(folder)],
] as const;

for (const [name, make] of MEDIA) {
  test(`${name}: the state machine shows what the model shows`, async (t) => {
    const seed = Number(process.env['SEED'] ?? 1);
    t.log(`SEED=${seed}`);
    const media = make(join(temporaryFolder(t), 'machine'));
    const tally = await runModel({ media, operations: 60_000, seed, keys: 2000 });
    t.deepEqual(tally.differences, []);
    t.true(tally.snapshots > 10 && tally.restores > 0 && tally.archives > 0, JSON.stringify(tally));
  });
}
