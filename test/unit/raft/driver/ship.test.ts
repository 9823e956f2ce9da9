import test from 'ava';
import type { Part, ShipmentId } from '#raft/driver/packet.ts';
import { Receive, type IncomingFile } from '#raft/driver/receive.ts';
import { Ship, type OutgoingFile } from '#raft/driver/ship.ts';
import type { Index, Message, NodeId, SnapshotMeta, Term } from '#raft/types.ts';
import { settle } from '#test/helpers/medium.ts';
import { seededRandom } from '#test/helpers/random.ts';

const META: SnapshotMeta = {
  index: 7 as Index,
  term: 2 as Term,
  configuration: [],
  configurationIndex: 0 as Index,
};
const [LEADER, FOLLOWER] = ['a' as NodeId, 'b' as NodeId];
const ONE = '11111111111111111111111111111111' as ShipmentId;
const OTHER = '22222222222222222222222222222222' as ShipmentId;
const CONTENTS = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => at % 251));

const install = (term = 2): Message & { type: 'install' } => ({
  type: 'install',
  from: LEADER,
  to: FOLLOWER,
  term: term as Term,
  snapshot: META,
});

/** A sender and a receiver, and a link between them that does what the test says. */
class Link {
  readonly told: string[] = [];
  readonly sent: Part[] = [];
  /** What lies on the receiver's disk, by shipment. */
  readonly files = new Map<ShipmentId, Buffer>();
  file: () => Promise<OutgoingFile> = () => Promise.resolve(outgoing(ONE));
  arrives: (part: Part) => boolean = () => true;
  leads = true;
  wants: 'yes' | 'not now' | 'never' = 'yes';
  isDamaged = false;
  /** Whether the receiver's disk is full. */
  isFull = false;
  readonly ship = new Ship({
    file: () => this.file(),
    install: () => (this.leads ? install() : undefined),
    send: (_, parts) => this.#carry(parts, (part) => this.take(part)),
    shipped: (to, isDone) => this.told.push(`${isDone ? 'shipped' : 'not shipped'} to ${to}`),
  });
  receive = this.#newReceiver();

  /** The receiver begins anew on what its disk holds. */
  restart(): void {
    this.receive = this.#newReceiver();
  }

  take(part: Part): void {
    if (part.type === 'offer') this.receive.offer(LEADER, part);
    if (part.type === 'chunk') this.receive.chunk(LEADER, part);
  }

  get received(): Buffer | undefined {
    return this.files.get(ONE);
  }

  #newReceiver(): Receive {
    return new Receive({
      open: ({ shipment }) => this.#open(shipment),
      wants: () => this.wants,
      send: (_, parts) =>
        this.#carry(parts, (part) => {
          if (part.type === 'progress') this.ship.progress(FOLLOWER, part);
        }),
      arrived: ({ term }) => this.told.push(`arrived in term ${term}`),
    });
  }

  #carry(parts: readonly Part[], take: (part: Part) => void): void {
    for (const part of parts) {
      this.sent.push(part);
      if (this.arrives(part)) setImmediate(() => take(part));
    }
  }

  #open(shipment: ShipmentId): Promise<IncomingFile> {
    const { files } = this;
    const have = (): Buffer => files.get(shipment) ?? Buffer.alloc(0);
    return Promise.resolve({
      get length() {
        return have().length;
      },
      append: (bytes: Uint8Array) => {
        if (this.isFull) return Promise.reject(new Error('full'));
        files.set(shipment, Buffer.concat([have(), bytes]));
        return Promise.resolve();
      },
      finish: () => {
        if (this.isDamaged) files.delete(shipment);
        return Promise.resolve(!this.isDamaged);
      },
      close: () => Promise.resolve(),
    });
  }
}

function outgoing(id: ShipmentId): OutgoingFile {
  return {
    id,
    meta: META,
    bytes: CONTENTS.length,
    read: (offset, length) => Promise.resolve(CONTENTS.subarray(offset, offset + length)),
  };
}

/** Lets ticks pass until nothing more happens. */
async function run(link: Link, ticks = 0): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await settle();
  for (let tick = 0; tick < ticks; tick++) {
    link.ship.tick();
    for (let turn = 0; turn < 10; turn++) await settle();
  }
}

test('a snapshot arrives whole, in order, and both sides say so once', async (t) => {
  const link = new Link();
  link.ship.begin(FOLLOWER);
  link.ship.begin(FOLLOWER);
  await run(link);
  t.true(link.received?.equals(CONTENTS));
  t.deepEqual(link.told, ['arrived in term 2', 'shipped to b']);
});

test('only so much is on its way at a time', async (t) => {
  const link = new Link();
  link.arrives = ({ type }) => type !== 'chunk';
  link.ship.begin(FOLLOWER);
  await run(link);
  const bytes = link.sent.reduce(
    (sum, part) => sum + (part.type === 'chunk' ? part.bytes.length : 0),
    0,
  );
  t.true(bytes > 0 && bytes <= 2 * 1024 * 1024, `${bytes}`);
});

test('what is lost is sent again, whatever it was', async (t) => {
  const link = new Link();
  const random = seededRandom(7);
  link.arrives = () => random.below(10) < 7;
  link.ship.begin(FOLLOWER);
  await run(link, 200);
  t.true(link.received?.equals(CONTENTS));
  t.true(link.told.includes('shipped to b'));
});

test('it goes on from where the receiver is, also after a restart', async (t) => {
  const link = new Link();
  link.files.set(ONE, CONTENTS.subarray(0, 2_500_000));
  link.ship.begin(FOLLOWER);
  await run(link);
  const offsets = link.sent.flatMap((part) => (part.type === 'chunk' ? [part.offset] : []));
  t.deepEqual(offsets, [2_500_000, 2_500_000 + 256 * 1024]);
  t.true(link.received?.equals(CONTENTS));

  const other = new Link();
  let chunks = 0;
  other.arrives = ({ type }) => type !== 'chunk' || (chunks += 1) <= 6;
  other.ship.begin(FOLLOWER);
  await run(other);
  other.files.set(ONE, CONTENTS.subarray(0, 300_000));
  other.restart();
  other.arrives = () => true;
  await run(other, 20);
  t.true(other.received?.equals(CONTENTS));
});

test('chunks that repeat, come late or belong to another snapshot change nothing', async (t) => {
  const link = new Link();
  link.ship.begin(FOLLOWER);
  await run(link);
  for (const part of link.sent.slice()) link.take(part);
  link.take({ type: 'chunk', shipment: OTHER, offset: 0, bytes: Buffer.from('x') });
  link.receive.chunk('c' as NodeId, {
    type: 'chunk',
    shipment: ONE,
    offset: CONTENTS.length,
    bytes: Buffer.from('x'),
  });
  await run(link);
  t.true(link.received?.equals(CONTENTS));
  t.is(link.files.has(OTHER), false);
});

test('a snapshot that arrives damaged is sent anew', async (t) => {
  const link = new Link();
  link.isDamaged = true;
  link.ship.begin(FOLLOWER);
  await run(link);
  t.deepEqual(link.told, []);
  link.isDamaged = false;
  await run(link, 10);
  t.true(link.received?.equals(CONTENTS));
  t.deepEqual(link.told, ['arrived in term 2', 'shipped to b']);
});

test('a receiver without room goes on when there is some', async (t) => {
  const link = new Link();
  link.isFull = true;
  link.ship.begin(FOLLOWER);
  await run(link, 10);
  t.is(link.received, undefined);
  link.isFull = false;
  await run(link, 10);
  t.true(link.received?.equals(CONTENTS));
});

test('a newer snapshot takes the place of one that was on its way', async (t) => {
  const link = new Link();
  link.files.set(ONE, CONTENTS.subarray(0, 100));
  link.take({ type: 'offer', shipment: ONE, bytes: CONTENTS.length, install: install() });
  await run(link);
  link.take({ type: 'offer', shipment: OTHER, bytes: 5, install: install() });
  await run(link);
  link.take({ type: 'chunk', shipment: ONE, offset: 100, bytes: Buffer.from('late') });
  link.take({ type: 'chunk', shipment: OTHER, offset: 0, bytes: Buffer.from('other') });
  await run(link);
  t.is(link.received?.length, 100);
  t.is(link.files.get(OTHER)?.toString(), 'other');
});

test('the same snapshot in a later term is taken in the name of that term', async (t) => {
  const link = new Link();
  link.ship.begin(FOLLOWER);
  await run(link);
  link.take({ type: 'offer', shipment: ONE, bytes: CONTENTS.length, install: install(3) });
  await run(link);
  t.is(link.told.at(-1), 'arrived in term 3');
});

test('a follower that has more already says so at once', async (t) => {
  const link = new Link();
  link.wants = 'never';
  link.ship.begin(FOLLOWER);
  await run(link);
  t.deepEqual(link.told, ['shipped to b']);
  t.is(link.received, undefined);
});

test('a follower that is busy with another one is asked again', async (t) => {
  const link = new Link();
  link.wants = 'not now';
  link.ship.begin(FOLLOWER);
  await run(link, 5);
  t.deepEqual([link.told, link.received], [[], undefined]);
  link.wants = 'yes';
  await run(link, 5);
  t.deepEqual(link.told, ['arrived in term 2', 'shipped to b']);
});

test('it is given up when nobody answers, when there is no file, and when leadership ends', async (t) => {
  const silent = new Link();
  silent.arrives = () => false;
  silent.ship.begin(FOLLOWER);
  await settle();
  for (let tick = 0; tick < 100; tick++) silent.ship.tick();
  t.deepEqual(silent.told, ['not shipped to b']);

  const full = new Link();
  full.file = () => Promise.reject(new Error('full'));
  full.ship.begin(FOLLOWER);
  await run(full);
  t.deepEqual(full.told, ['not shipped to b']);

  const deposed = new Link();
  deposed.leads = false;
  deposed.ship.begin(FOLLOWER);
  await run(deposed);
  t.deepEqual(deposed.told, ['not shipped to b']);

  const cancelled = new Link();
  cancelled.ship.begin(FOLLOWER);
  cancelled.ship.cancel();
  await run(cancelled, 100);
  t.deepEqual(cancelled.told, []);
});
