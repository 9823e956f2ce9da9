// What the drivers of a cluster tell their meters.
import test, { type ExecutionContext } from 'ava';
import type { CompactionSettings } from '#raft/driver/compaction.ts';
import { batch, RaftNodes, type RaftNode } from '#test/helpers/raft-nodes.ts';

const CUT_OFTEN: CompactionSettings = {
  trailingLogs: 5,
  snapshotThreshold: 10,
  snapshotInterval: 1e12,
};

/** Three voters, of which `a` leads. */
async function three(t: ExecutionContext, options = {}): Promise<RaftNodes> {
  const nodes = await RaftNodes.start(['a', 'b', 'c'], options);
  t.teardown(() => nodes.close());
  await nodes.run(500);
  return nodes;
}

async function put(nodes: RaftNodes, count: number): Promise<void> {
  const { storage } = nodes.node('a');
  for (let at = 0; at < count; at += 1) await nodes.until(storage.commit(batch({ key: `${at}` })));
}

/** What a meter is told from now on, by the first words. */
function since({ meter }: RaftNode): (word: string) => readonly string[] {
  const from = meter.told.length;
  return (word) => meter.told.slice(from).filter((line) => line.startsWith(`${word} `));
}

test('a node tells of what it writes and applies, whether it leads or not', async (t) => {
  const nodes = await three(t);
  const [leader, follower] = [since(nodes.node('a')), since(nodes.node('b'))];
  await put(nodes, 3);
  await nodes.run(500);
  for (const told of [leader, follower]) {
    t.is(told('logged').length, 3);
    t.is(told('applied').length, 3);
    t.regex(told('applied')[0] ?? '', /^applied 1 0 0$/);
  }
});

test('the leader tells of the rounds that a majority answers, and nobody else', async (t) => {
  const nodes = await three(t);
  const [leader, follower] = [since(nodes.node('a')), since(nodes.node('b'))];
  await nodes.run(1000);
  t.true(leader('confirmed').length >= 5);
  // There and back.
  for (const line of leader('confirmed')) t.true(Number(line.split(' ')[1]) >= 2, line);
  t.is(follower('confirmed').length, 0);
  nodes.isolate('a');
  await nodes.run(50);
  const alone = since(nodes.node('a'));
  await nodes.run(300);
  t.is(alone('confirmed').length, 0);
});

test('a leader that hears nobody turns, and those that hear no leader do', async (t) => {
  const nodes = await three(t);
  const term = nodes.node('a').storage.status().lastTerm;
  const told = ['a', 'b', 'c'].map((id) => since(nodes.node(id)));
  nodes.isolate('a');
  await nodes.runUntil(() => (nodes.leader()?.id ?? 'a') !== 'a');
  await nodes.run(1000);
  const [old = [], ...others] = told.map((lines) => lines('turned'));
  t.is(old[0], `turned follower ${term}`);
  t.true(others.flat().includes(`turned candidate ${term}`));
  t.is(others.flat().filter((line) => line.startsWith('turned leader')).length, 1);
});

test('a node that stops tells so', async (t) => {
  const nodes = await three(t);
  const told = since(nodes.node('c'));
  await nodes.until(nodes.node('c').storage.stop());
  t.deepEqual(told('turned'), [`turned nothing ${nodes.node('a').storage.status().lastTerm}`]);
});

test('cutting the log, and a snapshot from its beginning to its installation', async (t) => {
  const nodes = await three(t, { compaction: CUT_OFTEN });
  const [leader, away] = [since(nodes.node('a')), since(nodes.node('c'))];
  nodes.isolate('c');
  await put(nodes, 40);
  t.true(leader('sync').length > 0);
  t.true(leader('compact').length > 0);
  nodes.heal();
  const { storage } = nodes.node('c');
  await nodes.runUntil(() => storage.index === nodes.node('a').storage.index);
  t.true(leader('snapshot').length > 0);
  t.is(away('restore').length, 1);
  t.is(away('install').length, 1);
});

test('the log is shown with the status of a node that takes part', async (t) => {
  const nodes = await three(t);
  const { storage } = nodes.node('a');
  const before = storage.status().log?.writes ?? 0;
  await put(nodes, 2);
  t.is(storage.status().log?.writes, before + 2);
  await nodes.until(storage.stop());
  t.is(storage.status().log, undefined);
});
