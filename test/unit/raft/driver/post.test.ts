import test from 'ava';
import { encodePackets, type Part } from '#raft/driver/packet.ts';
import { Post } from '#raft/driver/post.ts';
import type { Network } from '#raft/driver/ports.ts';
import type { Message, NodeId, Server, Term } from '#raft/types.ts';

const id = (name: string): NodeId => name as NodeId;

const message = (from: string, to: string): Message => ({
  type: 'time-out-now',
  from: id(from),
  to: id(to),
  term: 1 as Term,
});

const server = (name: string): Server => ({
  id: id(name),
  address: `${name}:8201`,
  suffrage: 'voter',
});

type Receive = (from: NodeId, packet: Uint8Array) => void;

function start() {
  const sent: string[] = [];
  const received: string[] = [];
  const receivers: Receive[] = [];
  const network: Network = {
    send: (to, address) => sent.push(`${to} at ${address}`),
    listen: (take) => {
      receivers.push(take);
      return () => receivers.splice(0);
    },
  };
  const post = new Post(id('a'), (from, { type }) => received.push(`${type} from ${from}`));
  const arrive = (from: string, parts: readonly Part[], address = ''): void => {
    for (const packet of encodePackets({ address, parts })) receivers[0]?.(id(from), packet);
  };
  const bytes = (one: Buffer): void => receivers[0]?.(id('b'), one);
  return { post, network, sent, received, arrive, bytes };
}

test('all that goes to one server goes in one packet, to where it is', (t) => {
  const { post, network, sent } = start();
  post.configure([server('a'), server('b'), server('c')]);
  post.connect(network);
  post.sendMessages([message('a', 'b'), message('a', 'c'), message('a', 'b')]);
  t.deepEqual(sent, ['b at b:8201', 'c at c:8201']);
});

test('a server of no known configuration is where it says', (t) => {
  const { post, network, sent, arrive } = start();
  post.connect(network);
  post.sendMessages([message('a', 'b')]);
  arrive('b', [{ type: 'message', message: message('b', 'a') }], 'b.example:1');
  post.sendMessages([message('a', 'b')]);
  post.configure([server('b')]);
  post.sendMessages([message('a', 'b')]);
  t.deepEqual(sent, ['b at ', 'b at b.example:1', 'b at b:8201']);
});

test('a server speaks for itself, and to this one', (t) => {
  const { post, network, received, arrive } = start();
  post.connect(network);
  arrive('b', [
    { type: 'message', message: message('b', 'a') },
    { type: 'message', message: message('c', 'a') },
    { type: 'message', message: message('b', 'c') },
  ]);
  arrive('a', [{ type: 'message', message: message('a', 'a') }]);
  t.deepEqual(received, ['message from b']);
});

test('what is no packet is as if it had been lost', (t) => {
  const { post, network, received, bytes } = start();
  post.connect(network);
  bytes(Buffer.from('nonsense'));
  t.deepEqual(received, []);
});

test('nothing goes without a network, and nothing comes or goes after the end', (t) => {
  const { post, network, sent, received, arrive } = start();
  post.sendMessages([message('a', 'b')]);
  post.connect(network);
  post.end();
  post.sendMessages([message('a', 'b')]);
  arrive('b', [{ type: 'message', message: message('b', 'a') }]);
  t.deepEqual([sent, received], [[], []]);
});
