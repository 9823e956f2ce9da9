// A node without data, until the state of the cluster that has let it in is there.
import test from 'ava';
import type { NodeId } from '#raft/types.ts';
import { Joining } from '#server/cluster/join.ts';
import { joinRequest } from '#server/cluster/leader.ts';
import { LeaderError, type Ask } from '#server/cluster/ask-leader.ts';
import { Newcomer } from '#server/newcomer.ts';
import { quietLog } from '#test/helpers/cluster.ts';
import { TestServer } from '#test/helpers/server.ts';
import { WholeCluster } from '#test/helpers/whole-cluster.ts';

const STORAGE = 'storage "raft" {\n path = "/nonexistent"\n node_id = "node0"\n}\n';
const REQUEST = joinRequest({ leader_api_addr: 'http://127.0.0.1:8200' });

async function bench() {
  const active = await TestServer.start({ cluster: WholeCluster.leading(), storage: STORAGE });
  const done: string[] = [];
  const ask: Ask = async (_, path, body) => {
    const answer = await active.call('write', path, { token: '', body: { ...body } });
    if (answer.status !== 200) throw new LeaderError(answer.errors.join(), answer.status);
    return answer.data;
  };
  const { clock } = active;
  const note = (what: string) => (): Promise<void> => {
    done.push(what);
    return Promise.resolve();
  };
  const newcomer = new Newcomer({
    clock,
    log: quietLog,
    cluster: { start: note('started'), stop: note('stopped') },
    joining: new Joining({
      clock,
      log: quietLog,
      ask,
      random: () => 0.5,
      id: 'node9' as NodeId,
      clusterAddress: '127.0.0.1:8291',
    }),
    openNetwork: async () => {
      await note('opened')();
      return { send: () => {}, listen: () => () => {}, close: note('closed') };
    },
    leaders: [() => REQUEST.leader],
    nonVoter: false,
  });
  const share = (): Buffer => Buffer.from(active.shares[0] ?? '', 'hex');
  return { active, done, newcomer, share };
}

test('a node takes part until the state is there, and goes on taking part', async (t) => {
  const { active, done, newcomer, share } = await bench();
  t.is(newcomer.sealing, undefined);
  t.true(await newcomer.join(REQUEST));
  t.like(newcomer.sealing, { config: { secret_threshold: 1 }, progress: 0 });
  let isThere = false;
  const tried: boolean[] = [];
  const entering = await newcomer.provideShare(share(), (rootKey) => {
    tried.push(active.services.barrier.isRootKey(rootKey));
    return isThere;
  });
  await active.advance(500);
  t.true(newcomer.isEntering);
  t.like(newcomer.sealing, { config: { secret_threshold: 1 }, progress: 0 });
  t.true(await newcomer.join(REQUEST));
  isThere = true;
  await active.advance(100);
  await entering?.arrived;
  t.true(tried.length >= 2 && tried.every(Boolean));
  t.false(newcomer.isEntering);
  t.is(newcomer.sealing, undefined);
  t.deepEqual(done, ['opened', 'started']);
});

test('a node that ends on its way closes what it has opened', async (t) => {
  const { active, done, newcomer, share } = await bench();
  await newcomer.join(REQUEST);
  const entering = await newcomer.provideShare(share(), () => false);
  await active.settle();
  newcomer.stop();
  const ended = t.throwsAsync(entering?.arrived ?? Promise.resolve(), { message: 'the node ends' });
  await active.advance(100);
  await ended;
  t.deepEqual(done, ['opened', 'started', 'stopped', 'closed']);
});

test('the root key is forgotten when the state has opened', async (t) => {
  const { active, newcomer, share } = await bench();
  await newcomer.join(REQUEST);
  let shown: Buffer = Buffer.alloc(0);
  const entering = await newcomer.provideShare(share(), (rootKey) => {
    shown = rootKey;
    return true;
  });
  await active.settle();
  await entering?.arrived;
  t.is(shown.length, 32);
  t.true(shown.every((byte) => byte === 0));
});

test('the leaders of the configuration are asked without being told to', async (t) => {
  const { active, newcomer } = await bench();
  newcomer.start();
  await active.settle();
  t.like(newcomer.sealing, { config: { secret_threshold: 1 } });
  newcomer.stop();
  t.is(newcomer.sealing, undefined);
});
