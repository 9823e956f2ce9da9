import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Anchor, readAnchor } from '#storage/anchor.ts';
import { DamagedError, type Index } from '#storage/physical.ts';
import { STATE_BYTES, StateHash, type State } from '#storage/record.ts';
import { temporaryFolder } from '#test/helpers/temporary-folder.ts';

const state = (index: number): State => ({
  index: index as Index,
  count: index,
  hash: new StateHash(),
});

/** Destroys one of the two places, as a torn write would. */
function tear(file: string, place: 0 | 4096): void {
  const bytes = readFileSync(file);
  bytes.fill(0, place + 10, place + STATE_BYTES);
  writeFileSync(file, bytes);
}

test('the anchor names the last state that was written', (t) => {
  const file = join(temporaryFolder(t), 'anchor');
  t.is(readAnchor(file), undefined);
  const anchor = new Anchor(file, state(3));
  t.is(readAnchor(file)?.index, 3 as Index);
  for (let index = 4; index < 9; index++) {
    anchor.write(state(index));
    t.is(readAnchor(file)?.index, index as Index);
  }
  t.is(statSync(file).mode & 0o777, 0o600);
  t.is(statSync(file).size, 4096 + STATE_BYTES);
  anchor.close();
});

test('a torn write leaves the state before it', (t) => {
  const file = join(temporaryFolder(t), 'anchor');
  const anchor = new Anchor(file, state(1));
  anchor.write(state(2));
  tear(file, 0);
  t.is(readAnchor(file)?.index, 1 as Index);
  anchor.write(state(3));
  t.is(readAnchor(file)?.index, 3 as Index);
  anchor.write(state(4));
  tear(file, 4096);
  t.is(readAnchor(file)?.index, 4 as Index);
  anchor.close();
});

test('an anchor in which nothing is valid is damaged, an empty one was never written', (t) => {
  const file = join(temporaryFolder(t), 'anchor');
  new Anchor(file, state(1)).close();
  tear(file, 0);
  tear(file, 4096);
  t.throws(() => readAnchor(file), {
    instanceOf: DamagedError,
    message: `${file} holds no valid state`,
  });
  truncateSync(file, 30);
  t.throws(() => readAnchor(file), { instanceOf: DamagedError });
  truncateSync(file, 0);
  t.is(readAnchor(file), undefined);
});
