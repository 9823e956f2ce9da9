import test, { type ExecutionContext } from 'ava';
import {
  NoLeaderError,
  NotLeaderError,
  UncertainError,
  type ClusterStorage,
} from '#storage/cluster-storage.ts';
import { ConflictError } from '#storage/physical.ts';
import { batch, RaftNodes, textOf } from '#test/helpers/raft-nodes.ts';

const THREE = ['a', 'b', 'c'];

/** Three voters, of which `a` leads. */
async function three(t: ExecutionContext, options = {}): Promise<RaftNodes> {
  const nodes = await RaftNodes.start(THREE, options);
  t.is(nodes.leader()?.id, 'a' as never);
  return nodes;
}

const put = (nodes: RaftNodes, storage: ClusterStorage, key: string, value: string) =>
  nodes.until(storage.commit(batch({ [key]: value })));

test('what the leader acknowledged can be read on every node once it is confirmed', async (t) => {
  const nodes = await three(t);
  await put(nodes, nodes.node('a').storage, 'key', 'value');
  for (const id of THREE) {
    const { storage } = nodes.node(id);
    await nodes.until(storage.confirm() ?? Promise.resolve());
    t.is(textOf(storage, 'key'), 'value', id);
  }
  await nodes.close();
});
