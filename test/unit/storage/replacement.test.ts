// A state that takes the place of another one is there as a whole before it does, and what will be different is known.
import test from 'ava';
import { Directory } from '#storage/directory.ts';
import { StorageError, type Index } from '#storage/physical.ts';
import { encodeAll } from '#storage/record.ts';
import { changedKeys, fillReplacement } from '#storage/replacement.ts';
import { carried, configuration, data, open, StillTimer } from '#test/helpers/machine.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';

function directory(keys: Readonly<Record<string, number>>): Directory {
  const made = new Directory();
  for (const [key, index] of Object.entries(keys)) {
    made.apply(index as Index, encodeAll(new Map([[key, Buffer.from('1')]]), index as Index));
  }
  return made;
}

const CHANGES = [
  ['nothing', { a: 1, b: 2 }, { a: 1, b: 2 }, []],
  ['a record', { a: 1, b: 2 }, { a: 1, b: 3 }, ['b']],
  ['a key that came and one that went', { a: 1, b: 2 }, { a: 1, c: 2 }, ['b', 'c']],
  ['everything', {}, { a: 1, c: 2 }, ['a', 'c']],
] as const;

for (const [what, before, after, changed] of CHANGES) {
  test(`what is different is told: ${what}`, async (t) => {
    const timer = new StillTimer();
    t.deepEqual(await changedKeys(directory(before), directory(after), timer), changed);
  });
}

test('a filled state stands as it was told to, and lies on a medium of its own', async (t) => {
  const source = await open(new VirtualMedia());
  await source.apply([configuration(1, ['n1']), data(2, { a: '1', b: '2' })]);
  const { meta, chunks } = await carried(source.snapshot());
  const media = new VirtualMedia();
  const { directory: kept } = await fillReplacement(media, chunks(), {
    standing: meta,
    indexes: 'keep',
  });
  t.deepEqual([kept.indexOf('a'), kept.index, kept.list('')], [2 as Index, 2 as Index, ['a', 'b']]);
  const { directory: restamped } = await fillReplacement(media, chunks(), {
    standing: { ...meta, index: 9 as Index },
    indexes: 'restamp',
  });
  t.deepEqual([restamped.indexOf('a'), restamped.index], [9 as Index, 9 as Index]);
  t.is(media.size, 0);
});

test('a disk that fails while it is filled is told', async (t) => {
  const source = await open(new VirtualMedia());
  await source.apply([data(1, { a: '1' })]);
  const { meta, chunks } = await carried(source.snapshot());
  const media = new VirtualMedia();
  media.fail(new StorageError('no space'));
  const filled = fillReplacement(media, chunks(), { standing: meta, indexes: 'keep' });
  await t.throwsAsync(filled, { instanceOf: StorageError });
});
