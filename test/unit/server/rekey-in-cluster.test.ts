// New shares, a new key and a rotation in a cluster: nodes that are unsealed follow, whichever was asked.
import test from 'ava';
import { settle, twoNodes, type TestNode, type TwoNodes } from '#test/helpers/two-nodes.ts';

const SECRET = { body: { data: { x: '1' } } };
const ONE_SHARE = { body: { secret_shares: 1, secret_threshold: 1 } };

/** @returns the new share, in hex */
async function rekey(asked: TestNode, share: string): Promise<string> {
  const started = await asked.ask('PUT', 'sys/rekey/init', ONE_SHARE);
  const body = { key: share, nonce: String(started.body['nonce']) };
  const done = await asked.ask('PUT', 'sys/rekey/update', { body });
  const [key = ''] = (done.body['keys'] ?? []) as readonly string[];
  return key;
}

async function begin(): Promise<TwoNodes & { readonly firstShare: string }> {
  const nodes = await twoNodes();
  await nodes.one.ask('POST', 'secret/data/a', SECRET);
  return { ...nodes, firstShare: nodes.share().toString('hex') };
}

/** Whether a node can read what was there and write something new, once it leads. */
async function works({ cluster }: TwoNodes, node: TestNode): Promise<boolean> {
  cluster.elect(node.storage);
  await settle();
  const read = await node.ask('GET', 'secret/data/a');
  const written = await node.ask('POST', 'secret/data/b', SECRET);
  return read.status === 200 && written.status === 200;
}

test('a rekey that a standby is asked for is done by the active node, and every node goes on', async (t) => {
  const nodes = await begin();
  const share = await rekey(nodes.two, nodes.firstShare);
  t.regex(share, /^[0-9a-f]{64}$/);
  t.true(await works(nodes, nodes.two));
  t.true(await works(nodes, nodes.one));
});

test('a standby that is sealed after a rekey opens with the new share, and not with the old one', async (t) => {
  const nodes = await begin();
  const share = await rekey(nodes.one, nodes.firstShare);
  await nodes.two.node.seal();
  await t.throwsAsync(nodes.two.node.provideShare(Buffer.from(nodes.firstShare, 'hex')));
  await nodes.two.node.provideShare(Buffer.from(share, 'hex'));
  t.true(await works(nodes, nodes.two));
});

test('a standby follows several rekeys and rotations', async (t) => {
  const nodes = await begin();
  let share = nodes.firstShare;
  for (let round = 0; round < 3; round += 1) {
    share = await rekey(nodes.one, share);
    t.is((await nodes.two.ask('PUT', 'sys/rotate')).status, 204);
  }
  t.true(await works(nodes, nodes.two));
  t.is((await nodes.two.ask('GET', 'sys/key-status')).data['term'], 4);
});

test('an attempt that the active node began is not known to the next one', async (t) => {
  const nodes = await begin();
  await nodes.one.ask('PUT', 'sys/rekey/init', ONE_SHARE);
  t.true((await nodes.two.ask('GET', 'sys/rekey/init')).body['started']);
  nodes.cluster.elect(nodes.two.storage);
  await settle();
  t.false((await nodes.one.ask('GET', 'sys/rekey/init')).body['started']);
});
