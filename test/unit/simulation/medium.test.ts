// The virtual medium keeps what a disk keeps, and loses what a disk loses.
import test from 'ava';
import { StillTimer, contents, data, open, stream } from '#test/helpers/machine.ts';
import { seededRandom } from '#test/helpers/random.ts';
import { VirtualMedia } from '#test/simulation/medium.ts';

const record = (text: string): ReadonlyMap<string, Buffer> => new Map([['a', Buffer.from(text)]]);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a write that runs while the process ends is done or not, and is not heard of', async (t) => {
  const found = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const timer = new StillTimer();
    const media = new VirtualMedia({ timer, latency: 5 });
    const medium = await media.open();
    const first = medium.write(record('old'), undefined);
    timer.fire();
    await first;
    let heard = 0;
    for (const ended of [medium.write(record('new'), undefined)]) void ended.then(() => heard++);
    media.crash(seededRandom(seed));
    timer.fire();
    await turn();
    t.is(heard, 0);
    found.add(String((await media.open()).read('a')));
  }
  t.deepEqual([...found].toSorted(), ['new', 'old']);
});

test('a process that is gone writes no more', async (t) => {
  const media = new VirtualMedia();
  const medium = await media.open();
  media.crash(seededRandom(1));
  void medium.write(record('late'), undefined);
  const other = media.create();
  await turn();
  t.is((await media.open()).read('a'), undefined);
  t.true(await Promise.race([other.then(() => false), turn().then(() => true)]));
});

test('a state is replaced or not when the process ends meanwhile', async (t) => {
  const found = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const timer = new StillTimer();
    const media = new VirtualMedia({ timer, latency: 5 });
    const opening = open(media, timer);
    await turn();
    timer.fire();
    const machine = await opening;
    const source = await open(new VirtualMedia());
    await source.apply([data(1, { a: '1' })]);
    const snapshot = source.snapshot();
    const pieces: Uint8Array[] = [];
    for await (const piece of snapshot.chunks()) pieces.push(piece);
    void machine.restore({ meta: snapshot.meta, chunks: () => stream(pieces) });
    for (let step = seed % 5; step > 0; step--) {
      await turn();
      timer.fire();
    }
    media.crash(seededRandom(seed));
    timer.fire();
    await turn();
    const again = open(media, timer);
    await turn();
    timer.fire();
    found.add(JSON.stringify(contents(await again)));
  }
  t.deepEqual([...found].toSorted(), ['{"a":"1"}', '{}']);
});
