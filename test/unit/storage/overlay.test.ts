// What is on its way to the medium can be read until it is there.
import test from 'ava';
import { Overlay } from '#storage/overlay.ts';

const text = (overlay: Overlay, key: string): string | undefined => overlay.get(key)?.toString();

test('the last record of a key is the one that is read', (t) => {
  const overlay = new Overlay();
  overlay.put('a', Buffer.from('1'));
  overlay.put('b', Buffer.from('1'));
  const taken = overlay.take();
  t.deepEqual([...taken.keys()], ['a', 'b']);
  overlay.put('a', Buffer.from('2'));
  t.deepEqual([text(overlay, 'a'), text(overlay, 'b')], ['2', '1']);
  overlay.landed();
  t.deepEqual([text(overlay, 'a'), text(overlay, 'b')], ['2', undefined]);
  overlay.put('a', undefined);
  t.deepEqual([...overlay.take()], [['a', undefined]]);
});

test('its bytes are those that wait', (t) => {
  const overlay = new Overlay();
  overlay.put('a', Buffer.alloc(1000));
  const one = overlay.bytes;
  t.true(one > 1000 && overlay.gatheringBytes === one);
  overlay.take();
  overlay.put('b', Buffer.alloc(1000));
  t.deepEqual([overlay.bytes, overlay.gatheringBytes], [2 * one, one]);
  overlay.landed();
  t.is(overlay.bytes, one);
  overlay.take();
  overlay.landed();
  t.is(overlay.bytes, 0);
});
