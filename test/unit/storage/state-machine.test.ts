// The state machine applies at once, writes later, and after a crash stands as after some earlier entry.
import test from 'ava';
import { NEVER, type Index } from '#storage/physical.ts';
import { data, open, text } from '#test/helpers/machine.ts';
import { seededRandom } from '#test/helpers/random.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';

test('what was applied is visible at once', async (t) => {
  const machine = await open(new VirtualMedia());
  t.is(machine.apply([data(1, { a: '1', 'b/c': '2' }), data(2, { a: '3' })]), undefined);
  t.deepEqual([text(machine, 'a'), text(machine, 'b/c')], ['3', '2']);
  t.deepEqual(machine.list(''), ['a', 'b/']);
  t.deepEqual([machine.indexOf('a'), machine.indexOf('b/c')], [2, 1] as Index[]);
  t.is(machine.listIndexOf('b/'), 1 as Index);
  t.is(machine.position.index, 2 as Index);
  await machine.apply([data(3, { a: undefined })]);
  t.is(text(machine, 'a'), undefined);
  t.is(machine.indexOf('a'), NEVER);
});

test('what was synced is there after a crash, what was not may be gone', async (t) => {
  const media = new VirtualMedia();
  const first = await open(media);
  await first.apply([data(1, { a: '1' })]);
  const { index } = await first.sync();
  t.is(index, 1 as Index);
  await first.apply([data(2, { a: '2' })]);
  media.crash(seededRandom(1));
  const second = await open(media);
  t.is(second.position.index, 1 as Index);
  t.is(text(second, 'a'), '1');
});
