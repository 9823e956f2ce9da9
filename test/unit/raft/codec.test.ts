import test from 'ava';
import { CodecError } from '#raft/bytes.ts';
import { decodeMessage, encodeMessage } from '#raft/codec.ts';
import type { Configuration, Entry, Message, Round, Ticket } from '#raft/types.ts';
import { bytes, index, node, server, servers, term, ticket } from '#test/helpers/raft-cluster.ts';
import { seededRandom } from '#test/helpers/random.ts';

const ENVELOPE = { from: node('a'), to: node('bé'), term: term(3) };
const LARGEST = 2 ** 52;
const round = (value: number): Round => value as Round;

const ENTRIES: readonly Entry[] = [
  { type: 'noop', index: index(8), term: term(2) },
  { type: 'data', index: index(9), term: term(2), data: bytes('written') },
  { type: 'data', index: index(10), term: term(3), data: new Uint8Array() },
  {
    type: 'configuration',
    index: index(11),
    term: term(3),
    configuration: [server('a', 'voter'), server('b', 'staging'), server('c', 'nonvoter')],
  },
];

const MESSAGES: readonly Message[] = [
  { ...ENVELOPE, type: 'pre-vote', lastIndex: index(4), lastTerm: term(2), isTransfer: false },
  { ...ENVELOPE, type: 'vote', lastIndex: index(LARGEST), lastTerm: term(0), isTransfer: true },
  { ...ENVELOPE, type: 'pre-vote-reply', isGranted: true },
  { ...ENVELOPE, type: 'vote-reply', isGranted: false },
  {
    ...ENVELOPE,
    type: 'append',
    previousIndex: index(7),
    previousTerm: term(2),
    entries: ENTRIES,
    commit: index(6),
    round: round(5),
  },
  {
    ...ENVELOPE,
    type: 'append',
    previousIndex: index(0),
    previousTerm: term(0),
    entries: [],
    commit: index(0),
    round: round(1),
  },
  ...[1, 2, 4, 8].map((bit): Message => ({
    ...ENVELOPE,
    type: 'append-reply',
    round: round(127),
    isAccepted: bit === 1,
    index: index(128),
    hintTerm: term(16_383),
    lastIndex: index(16_384),
    needsSnapshot: bit === 2,
    isInstalling: bit === 4,
    isRecovering: bit === 8,
  })),
  {
    ...ENVELOPE,
    type: 'install',
    snapshot: {
      index: index(20),
      term: term(2),
      configuration: servers('a', 'b'),
      configurationIndex: index(11),
    },
  },
  { ...ENVELOPE, type: 'read', ticket: ticket(2 ** 51 + 1) },
  { ...ENVELOPE, type: 'read-reply', ticket: ticket(1), index: index(9) },
  { ...ENVELOPE, type: 'read-reply', ticket: ticket(1), index: undefined },
  { ...ENVELOPE, type: 'time-out-now' },
  { ...ENVELOPE, type: 'recover', index: index(3), entryTerm: term(2) },
  { ...ENVELOPE, type: 'not-a-member', configurationIndex: index(3) },
];

for (const [place, message] of MESSAGES.entries()) {
  test(`${message.type} (${place}) comes back as it was`, (t) => {
    t.deepEqual(decodeMessage(encodeMessage(message)), message);
  });
}

test('no beginning of a message, and no message with something behind it, is a message', (t) => {
  const taken = MESSAGES.flatMap((message) => {
    const whole = encodeMessage(message);
    const cuts = [...whole.keys()].map((length) => whole.subarray(0, length));
    return [...cuts, Uint8Array.from([...whole, 0])].filter((wrong) => decodeMessage(wrong));
  });
  t.deepEqual(taken, []);
});

test('whatever is understood has one way to be said', (t) => {
  const random = seededRandom(1);
  let understood = 0;
  for (let turn = 0; turn < 20_000; turn += 1) {
    const changed = encodeMessage(random.pick(MESSAGES)).slice();
    for (let flip = 0; flip <= random.below(3); flip += 1) {
      changed[random.below(changed.length)] = random.below(256);
    }
    const message = decodeMessage(changed);
    if (message === undefined) continue;
    understood += 1;
    t.deepEqual(encodeMessage(message), Uint8Array.from(changed));
  }
  t.true(understood > 100);
});

test('noise is not understood and does not harm', (t) => {
  const random = seededRandom(2);
  for (let turn = 0; turn < 20_000; turn += 1) {
    const noise = random.bytes(random.below(60));
    noise[0] = 1;
    const message = decodeMessage(noise);
    t.true(message === undefined || Buffer.from(encodeMessage(message)).equals(noise));
  }
});

/** Version, kind, from "a", to "b", term 1. */
const head = (kind: number, ...rest: readonly number[]): Uint8Array =>
  Uint8Array.from([1, kind, 1, 97, 1, 98, 1, ...rest]);

const REFUSED: readonly (readonly [string, Uint8Array])[] = [
  ['another version', Uint8Array.from([2, 9, 1, 97, 1, 98, 1])],
  ['an unknown kind', head(12)],
  ['a number that takes a byte too many', head(10, 0x80, 0, 0)],
  ['a number above all bounds', head(10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0)],
  ['a number without an end', head(10, ...Array.from({ length: 12 }, () => 0xff))],
  ['a name that is no text', Uint8Array.from([1, 9, 1, 0xff, 1, 98, 1])],
  ['a flag that there is not', head(2, 2)],
  ['more entries than are there', head(4, 0, 0, 0, 0, 0x7f)],
  ['more entries than anybody sends', head(4, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f)],
  ['an entry of an unknown kind', head(4, 0, 0, 0, 0, 1, 3, 1)],
  ['data that end too early', head(4, 0, 0, 0, 0, 1, 1, 1, 5, 0, 0)],
  ['a snapshot with a configuration from behind it', head(6, 3, 1, 4, 0)],
  ['a server without a name', head(6, 3, 1, 2, 1, 0, 0, 0)],
  ['a server that is there twice', head(6, 3, 1, 2, 2, 1, 97, 0, 0, 1, 97, 0, 0)],
  ['a suffrage that there is not', head(6, 3, 1, 2, 1, 1, 97, 0, 3)],
  ['more servers than are there', head(6, 3, 1, 2, 5)],
];

for (const [what, wrong] of REFUSED) {
  test(`${what} is refused`, (t) => {
    t.is(decodeMessage(wrong), undefined);
  });
}

test('what stands beside the refused is taken', (t) => {
  t.is(decodeMessage(head(9))?.type, 'time-out-now');
  t.is(decodeMessage(head(10, 0x80, 1, 0))?.type, 'recover');
  t.is(decodeMessage(head(6, 3, 1, 2, 2, 1, 97, 0, 0, 1, 98, 0, 2))?.type, 'install');
});

const installed = (configuration: Configuration): Message => ({
  ...ENVELOPE,
  type: 'install',
  snapshot: { index: index(7), term: term(3), configuration, configurationIndex: index(2) },
});

test('configurations come back as they were', (t) => {
  for (const one of [[], servers('a'), servers('a', 'b', 'c')]) {
    t.deepEqual(decodeMessage(encodeMessage(installed(one))), installed(one));
  }
});

test('what nobody would take is not encoded', (t) => {
  const large = { id: node('x'.repeat(513)), address: '', suffrage: 'voter' } as const;
  t.throws(() => encodeMessage(installed([large])), { instanceOf: CodecError });
  const many = servers(...Array.from({ length: 257 }, (_, place) => `n${place}`));
  t.throws(() => encodeMessage(installed(many)), { instanceOf: CodecError });
  t.notThrows(() => encodeMessage(installed([{ ...large, id: node('x'.repeat(512)) }])));
});

test('a read keeps its whole number', (t) => {
  const message: Message = { ...ENVELOPE, type: 'read', ticket: (2 ** 52 - 1) as Ticket };
  t.deepEqual(decodeMessage(encodeMessage(message)), message);
});
