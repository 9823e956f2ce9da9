import test from 'ava';
import { decodePacket, encodePackets, MAX_PACKET_BYTES, type Part } from '#raft/driver/packet.ts';
import type { Entry, Index, Message, NodeId, Round, Term } from '#raft/types.ts';
import type { ShipmentId } from '#raft/driver/packet.ts';

const SHIPMENT = '00112233445566778899aabbccddeeff' as ShipmentId;
const ENVELOPE = { from: 'a' as NodeId, to: 'b' as NodeId, term: 3 as Term };

const install: Message & { type: 'install' } = {
  ...ENVELOPE,
  type: 'install',
  snapshot: {
    index: 7 as Index,
    term: 2 as Term,
    configurationIndex: 1 as Index,
    configuration: [{ id: 'a' as NodeId, address: 'a:1', suffrage: 'voter' }],
  },
};

function append(bytes: number): Part {
  const entry: Entry = {
    type: 'data',
    index: 8 as Index,
    term: 3 as Term,
    data: Buffer.alloc(bytes, 7),
  };
  const message: Message = {
    ...ENVELOPE,
    type: 'append',
    previousIndex: 7 as Index,
    previousTerm: 2 as Term,
    entries: [entry],
    commit: 7 as Index,
    round: 1 as Round,
  };
  return { type: 'message', message };
}

const PARTS: readonly Part[] = [
  append(10),
  { type: 'message', message: { ...ENVELOPE, type: 'time-out-now' } },
  { type: 'offer', shipment: SHIPMENT, bytes: 2 ** 40, install },
  { type: 'chunk', shipment: SHIPMENT, offset: 2 ** 33, bytes: Buffer.from('chunk') },
  { type: 'progress', shipment: SHIPMENT, offset: 5, isWhole: false },
  { type: 'progress', shipment: SHIPMENT, offset: 5, isWhole: true },
  { type: 'checksum', index: 1000 as Index, sum: Buffer.alloc(32, 1) },
  { type: 'diverged', index: 1000 as Index },
];

test('every part arrives as it was sent, all in one packet', (t) => {
  const packets = encodePackets({ address: 'a.example:8201', parts: PARTS });
  t.is(packets.length, 1);
  const read = decodePacket(packets[0] ?? Buffer.alloc(0));
  t.is(read?.address, 'a.example:8201');
  t.deepEqual(
    read?.parts.map(({ type }) => type),
    PARTS.map(({ type }) => type),
  );
  t.deepEqual(read?.parts.slice(4, 6), PARTS.slice(4, 6));
  t.deepEqual(read?.parts[7], PARTS[7]);
  t.deepEqual(read && encodePackets(read), packets);
});

test('a packet ends where it is large, and a part that is larger goes alone', (t) => {
  const packets = encodePackets({
    address: '',
    parts: [append(10), append(600_000), append(600_000), append(9_000_000), append(10)],
  });
  t.deepEqual(
    packets.map((packet) => decodePacket(packet)?.parts.length),
    [2, 1, 1, 1],
  );
  t.is(encodePackets({ address: '', parts: [] }).length, 0);
});

test('what is cut off anywhere, or goes on, is no packet', (t) => {
  const [packet = Buffer.alloc(0)] = encodePackets({ address: 'a:1', parts: PARTS });
  const ends = new Set<number>();
  for (const count of PARTS.keys()) {
    const [part] = encodePackets({ address: 'a:1', parts: PARTS.slice(0, count) });
    if (part !== undefined) ends.add(part.length);
  }
  for (let length = 0; length < packet.length; length++) {
    if (length === 6 || ends.has(length)) continue; // nothing but an address, or fewer parts
    t.is(decodePacket(packet.subarray(0, length)), undefined, `${length} bytes`);
  }
  t.is(decodePacket(Buffer.concat([packet, Buffer.of(0)])), undefined);
});

const offer = (message: Message): Buffer => {
  const [packet = Buffer.alloc(0)] = encodePackets({
    address: '',
    parts: [{ type: 'offer', shipment: SHIPMENT, bytes: 1, install: message as typeof install }],
  });
  return packet;
};

const REFUSED: readonly (readonly [string, Buffer])[] = [
  ['of another version', Buffer.of(2, 0, 0)],
  ['with an address that is too long', Buffer.concat([Buffer.of(1, 1, 5), Buffer.alloc(261)])],
  ['with a part of no known kind', Buffer.from([1, 0, 0, 9, 0, 0, 0, 0])],
  ['with a message that is none', Buffer.from([1, 0, 0, 0, 0, 0, 0, 1, 255])],
  ['with a sum that is too long', Buffer.from([1, 0, 0, 4, 0, 0, 2, 0, ...Buffer.alloc(512)])],
  ['that offers something else', offer({ ...ENVELOPE, type: 'time-out-now' })],
  ['beyond any size', Buffer.alloc(MAX_PACKET_BYTES + 1)],
];

for (const [name, bytes] of REFUSED) {
  test(`a packet ${name} is refused`, (t) => {
    t.is(decodePacket(bytes), undefined);
  });
}
