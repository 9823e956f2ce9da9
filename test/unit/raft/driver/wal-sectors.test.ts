import test from 'ava';
import {
  firstPlace,
  frameGroup,
  readGroup,
  SECTOR_BYTES,
  sectorsFor,
  tornSectors,
} from '#raft/driver/wal-sectors.ts';
import { seededRandom } from '#test/helpers/random.ts';

const SECTORS = 12;
const START = firstPlace(3);

/** A segment that begins with groups of these payloads, and where each of them is. */
function segmentOf(...payloads: readonly Buffer[]): {
  readonly segment: Buffer;
  readonly places: readonly (typeof START)[];
} {
  const segment = Buffer.alloc(SECTORS * SECTOR_BYTES);
  const places = [START];
  for (const payload of payloads) {
    const place = places.at(-1) ?? START;
    const { bytes, next } = frameGroup(place, payload.length + 9, (to, at) => {
      payload.copy(to, at);
      return at + payload.length;
    });
    bytes.copy(segment, place.sector * SECTOR_BYTES);
    places.push(next);
  }
  return { segment, places };
}

const payloadOf = (length: number): Buffer => seededRandom(length).bytes(length);

// 508 bytes of a sector are payload, and the first four of a group say how long it is.
const LENGTHS: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 1],
  [503, 1],
  [504, 1],
  [505, 2],
  [1012, 2],
  [1013, 3],
  [5000, 10],
];

for (const [length, sectors] of LENGTHS) {
  test(`a group of ${length} bytes takes ${sectors} sectors and comes back`, (t) => {
    const { segment, places } = segmentOf(payloadOf(length));
    const group = readGroup(segment, START);
    t.deepEqual(group?.payload, payloadOf(length));
    t.deepEqual(group?.next, places[1]);
    t.is(group?.next.sector, sectors);
    t.is(sectorsFor(length), sectors);
  });
}

test('groups follow each other, each bound to all before it', (t) => {
  const { segment, places } = segmentOf(payloadOf(10), payloadOf(900), payloadOf(30));
  for (const [at, length] of [10, 900, 30].entries()) {
    t.deepEqual(readGroup(segment, places[at] ?? START)?.payload, payloadOf(length));
  }
  const other = segmentOf(payloadOf(11), payloadOf(900), payloadOf(30));
  other.segment.copy(segment, SECTOR_BYTES, SECTOR_BYTES);
  t.is(readGroup(segment, places[1] ?? START), undefined);
});

test('a group does not count in another segment', (t) => {
  const { segment } = segmentOf(payloadOf(10));
  t.is(readGroup(segment, firstPlace(4)), undefined);
});

test('whichever sectors of the last group are missing, it is a torn one', (t) => {
  const { segment, places } = segmentOf(payloadOf(10), payloadOf(1200));
  const place = places[1] ?? START;
  for (let kept = 0; kept < 7; kept++) {
    const torn = Buffer.from(segment);
    let to = 1;
    for (let at = 0; at < 3; at++) {
      if ((kept & (1 << at)) === 0) torn.fill(0, (1 + at) * SECTOR_BYTES, (2 + at) * SECTOR_BYTES);
      else to = at + 2;
    }
    t.is(readGroup(torn, place), undefined, `${kept}`);
    t.deepEqual(tornSectors(torn, place), { from: 1, to }, `${kept}`);
  }
});

test('what is no part of the next group is no torn tail', (t) => {
  const { segment, places } = segmentOf(payloadOf(10), payloadOf(1200), payloadOf(20));
  const place = places[1] ?? START;
  const lost = Buffer.from(segment).fill(0, SECTOR_BYTES, 2 * SECTOR_BYTES);
  t.is(tornSectors(lost, place), undefined); // the group after it is there
  const stray = segmentOf(payloadOf(10)).segment;
  stray[stray.length - 1] = 1;
  t.is(tornSectors(stray, place), undefined);
});
