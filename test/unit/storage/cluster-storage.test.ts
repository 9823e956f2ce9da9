import test from 'ava';
import type { NodeId } from '#raft/types.ts';
import { NotLeaderError } from '#storage/cluster-storage.ts';

test('a refusal names the leader, if there is one', (t) => {
  t.is(new NotLeaderError('node2' as NodeId).message, 'the leader is node2');
  t.is(new NotLeaderError(undefined).message, 'there is no leader');
});
