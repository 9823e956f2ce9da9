// A new node and an active one, with what lies between them in the hands of the test.
import test, { type ExecutionContext } from 'ava';
import type { NodeId } from '#raft/types.ts';
import { RefusedError } from '#storage/cluster-storage.ts';
import { AUTHORITY_KEY, isAuthorityRecord } from '#server/cluster/authority.ts';
import { LeaderError, type Ask } from '#server/cluster/ask-leader.ts';
import { Joining } from '#server/cluster/join.ts';
import { joinRequest, type JoinRequest } from '#server/cluster/leader.ts';
import { quietLog } from '#test/helpers/cluster.ts';
import { TestServer } from '#test/helpers/server.ts';
import { peer, server, WholeCluster } from '#test/helpers/whole-cluster.ts';

const STORAGE = 'storage "raft" {\n path = "/nonexistent"\n node_id = "node0"\n}\n';
const THREE_OF_FIVE = { secret_shares: 5, secret_threshold: 3 };
const REQUEST = joinRequest({ leader_api_addr: 'http://127.0.0.1:8200' });
const WRONG_SHARE = Buffer.alloc(33, 7);

interface Bench {
  readonly cluster: WholeCluster;
  readonly active: TestServer;
  /** What was asked of the active node, with its answers. */
  readonly asked: { readonly path: string; readonly body: object; answer?: object }[];
  readonly ask: Ask;
  readonly joining: Joining;
}

async function bench(numbers = { secret_shares: 1, secret_threshold: 1 }): Promise<Bench> {
  const cluster = WholeCluster.leading();
  const active = await TestServer.start({ cluster, storage: STORAGE, numbers });
  const asked: Bench['asked'] = [];
  const ask: Ask = async (_, path, body) => {
    const one: Bench['asked'][number] = { path, body };
    asked.push(one);
    const { status, data, errors } = await active.call('write', path, {
      token: '',
      body: { ...body },
    });
    if (status !== 200) throw new LeaderError(errors.join(), status);
    one.answer = data;
    return data;
  };
  const joining = newNode('node9', active, ask);
  return { cluster, active, asked, ask, joining };
}

function newNode(id: string, { clock }: Pick<TestServer, 'clock'>, ask: Ask): Joining {
  return new Joining({
    clock,
    log: quietLog,
    ask,
    random: () => 0.5,
    id: id as NodeId,
    clusterAddress: '127.0.0.1:8291',
  });
}

const shareOf = ({ active }: Bench, at: number): Buffer =>
  Buffer.from(active.shares[at] ?? '', 'hex');

/** All but the last share that is needed. */
async function joinWithShares(one: Bench, request: JoinRequest = REQUEST) {
  await one.joining.join(request);
  return one.joining.provideShare(shareOf(one, 0));
}

test('a node that has found a cluster shows its seal, and is taken in with its shares', async (t) => {
  const one = await bench(THREE_OF_FIVE);
  t.is(one.joining.sealConfig, undefined);
  t.true(await one.joining.join(REQUEST));
  t.deepEqual(one.joining.sealConfig, { type: 'shamir', ...THREE_OF_FIVE });
  t.is(await one.joining.provideShare(shareOf(one, 4)), undefined);
  t.is(one.joining.progress.progress, 1);
  t.is(await one.joining.provideShare(shareOf(one, 4)), undefined);
  t.is(await one.joining.provideShare(shareOf(one, 1)), undefined);
  t.is(one.joining.progress.progress, 2);
  const joined = await one.joining.provideShare(shareOf(one, 0));
  t.true(one.active.services.barrier.isRootKey(joined?.rootKey ?? Buffer.alloc(32)));
  t.deepEqual(joined?.authorities, one.active.services.barrier.read(AUTHORITY_KEY)?.value);
  t.is(joined?.clusterId, one.active.services.node.clusterId);
  t.deepEqual(one.joining.progress, { progress: 0, nonce: '' });
  t.is(one.joining.sealConfig, undefined);
  const added = { id: 'node9', address: '127.0.0.1:8291', suffrage: 'staging' };
  t.deepEqual(one.cluster.changes, [{ type: 'add', server: added }] as never);
  t.deepEqual(joined?.peers.at(-1), added as never);
});

test('a node that is never to vote says so', async (t) => {
  const one = await bench();
  const request = joinRequest({ leader_api_addr: 'http://127.0.0.1:8200', non_voter: true });
  t.truthy(await joinWithShares(one, request));
  t.like(one.cluster.changes[0], { type: 'add', server: { suffrage: 'nonvoter' } });
});

test('nothing secret goes over the wire', async (t) => {
  const one = await bench();
  const joined = await joinWithShares(one);
  const wire = Buffer.concat(
    one.asked.flatMap(({ body, answer }) => allTexts([body, answer ?? {}])),
  );
  const [authority] = joined?.authorities.authorities ?? [];
  const key = Buffer.from(authority?.key ?? '', 'base64');
  for (const secret of [shareOf(one, 0), joined?.rootKey ?? key, key, key.subarray(36, 68)]) {
    t.true(secret.length > 0);
    t.false(wire.includes(secret));
    t.false(wire.includes(secret.toString('base64')));
  }
});

/** Every text, as it is and as the bytes that it stands for. */
function allTexts(value: unknown): Buffer[] {
  if (typeof value === 'string') return [Buffer.from(value), Buffer.from(value, 'base64')];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(allTexts);
}

test('shares that are not the right ones are forgotten, and others may follow', async (t) => {
  const one = await bench();
  await one.joining.join(REQUEST);
  await t.throwsAsync(one.joining.provideShare(Buffer.alloc(32)), {
    message: /^error decrypting challenge: /,
  });
  await t.throwsAsync(one.joining.provideShare(Buffer.alloc(3)), {
    message: 'invalid key: key is shorter than minimum 16 bytes',
  });
  t.is(one.joining.progress.progress, 0);
  t.truthy(await one.joining.provideShare(shareOf(one, 0)));
});

test('a share of another cluster among the right ones is found out', async (t) => {
  const one = await bench(THREE_OF_FIVE);
  await one.joining.join(REQUEST);
  await one.joining.provideShare(shareOf(one, 0));
  await one.joining.provideShare(WRONG_SHARE);
  await t.throwsAsync(one.joining.provideShare(shareOf(one, 1)), {
    message: /^error decrypting challenge: /,
  });
  t.deepEqual(one.cluster.changes, []);
});

test('without a cluster there is nothing to give shares to', async (t) => {
  const { joining } = await bench();
  await t.throwsAsync(joining.provideShare(WRONG_SHARE), { message: 'Vault is not initialized' });
});

test('a leader that does not answer with a challenge is an error, and nothing is begun', async (t) => {
  const { active } = await bench();
  const answers: (object | Error)[] = [
    new Error('connect ECONNREFUSED'),
    {},
    { challenge: 'AAAA', seal_config: { type: 'shamir', ...THREE_OF_FIVE } },
    { challenge: Buffer.alloc(200, 1).toString('base64'), seal_config: {} },
    {
      challenge: Buffer.alloc(200, 1).toString('base64'),
      seal_config: { type: 'shamir', secret_shares: 1, secret_threshold: 2 },
    },
  ];
  for (const answer of answers) {
    const joining = newNode('node9', active, () =>
      answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ ...answer }),
    );
    await t.throwsAsync(joining.join(REQUEST), {
      message: 'failed to join raft cluster: failed to get raft challenge',
    });
    t.is(joining.sealConfig, undefined);
  }
});

test('a reply that is not from the cluster is not believed', async (t) => {
  const one = await bench();
  const forged: Ask = async (leader, path, body) => {
    const data = await one.ask(leader, path, body);
    const sealed = Buffer.from((data['tls_keyring'] ?? '') as string, 'base64');
    sealed[40] = (sealed[40] ?? 0) ^ 1;
    return { ...data, tls_keyring: sealed.toString('base64') };
  };
  for (const ask of [forged, withoutReply(one.ask, ''), withoutReply(one.ask, 'A'.repeat(64))]) {
    const joining = newNode(`new${one.asked.length}`, one.active, ask);
    await joining.join(REQUEST);
    await t.throwsAsync(joining.provideShare(shareOf(one, 0)), {
      message: /^failed to join raft cluster: /,
    });
  }
});

const withoutReply =
  (ask: Ask, sealed: string): Ask =>
  async (...question) => ({ ...(await ask(...question)), tls_keyring: sealed });

test('a node asks all leaders again and again until one answers', async (t) => {
  const one = await bench();
  const addresses: string[] = [];
  const ask: Ask = (leader, path, body) => {
    addresses.push(leader.apiAddress);
    if (addresses.length < 6) return Promise.reject(new Error('not yet'));
    return one.ask(leader, path, body);
  };
  const joining = newNode('node9', one.active, ask);
  const leaders = ['a', 'b'].map((name) => () => ({
    ...REQUEST.leader,
    apiAddress: `http://${name}`,
  }));
  joining.startRetrying(leaders, false);
  for (let count = 0; count < 8; count += 1) {
    await one.active.advance(10_000);
  }
  t.deepEqual(
    addresses.map((address) => address.at(-1)),
    ['a', 'b', 'a', 'b', 'a', 'b'],
  );
  t.like(joining.sealConfig, { secret_shares: 1 });
});

test('a join that is to be tried again answers at once, and another takes its place', async (t) => {
  const one = await bench();
  const asked: string[] = [];
  const joining = newNode('node9', one.active, (leader, path, body) => {
    asked.push(leader.apiAddress);
    return leader.apiAddress.endsWith('dead')
      ? Promise.reject(new Error('nobody there'))
      : one.ask(leader, path, body);
  });
  const dead = joinRequest({ leader_api_addr: 'http://dead', retry: true });
  t.false(await joining.join(dead));
  await one.active.settle();
  await one.active.advance(10_000);
  t.true(asked.length > 1);
  t.true(await joining.join(REQUEST));
  const before = asked.length;
  await one.active.advance(60_000);
  t.is(asked.length, before);
});

test('whoever tells a node whom to ask cannot make it ask without end', async (t) => {
  const one = await bench();
  const held = Promise.withResolvers<never>();
  const joining = newNode('node9', one.active, () => held.promise);
  const outcomes = Array.from({ length: 50 }, () =>
    joining.join(REQUEST).then(
      () => 'joined',
      (error: unknown) => (error as Error).message,
    ),
  );
  held.reject(new Error('nobody there'));
  const counted = Map.groupBy(await Promise.all(outcomes), (message) => message);
  t.is(counted.get('failed to join raft cluster: failed to get raft challenge')?.length, 4);
  t.is(counted.get('failed to join raft cluster: other leaders are being asked')?.length, 46);
  await t.throwsAsync(joining.join(REQUEST), { message: /failed to get raft challenge/ });
});

test('a leader that does not answer takes nothing from one that has been found', async (t) => {
  const one = await bench(THREE_OF_FIVE);
  await one.joining.join(REQUEST);
  await one.joining.provideShare(shareOf(one, 0));
  await one.active.seal();
  await t.throwsAsync(one.joining.join(REQUEST));
  t.like(one.joining.sealConfig, THREE_OF_FIVE);
  t.is(one.joining.progress.progress, 1);
});

test('a file that cannot be read yet is read again', async (t) => {
  const one = await bench();
  let reads = 0;
  one.joining.startRetrying(
    [
      () => {
        reads += 1;
        if (reads === 1) throw new Error('ENOENT');
        return REQUEST.leader;
      },
    ],
    false,
  );
  await one.active.advance(10_000);
  await one.active.advance(10_000);
  t.like(one.joining.sealConfig, { secret_shares: 1 });
});

test('a node that is stopped asks no more', async (t) => {
  const one = await bench();
  const joining = newNode('node9', one.active, () => Promise.reject(new Error('no')));
  joining.startRetrying([() => REQUEST.leader], false);
  await one.active.advance(1_000);
  joining.stop();
  t.is(joining.sealConfig, undefined);
  await one.active.advance(100_000);
  t.deepEqual(one.asked, []);
});

// What the active node makes of answers that are not for it, or not for this.

interface Sent {
  readonly answer: string;
  readonly server_id: string;
  readonly cluster_addr: string;
  readonly non_voter: boolean;
}

/** A right answer that was made and not sent. */
async function unsent(one: Bench): Promise<Sent> {
  const caught: object[] = [];
  const joining = newNode('node9', one.active, (leader, path, body) => {
    if (!path.endsWith('answer')) return one.ask(leader, path, body);
    caught.push(body);
    return Promise.reject(new Error('lost'));
  });
  await joining.join(REQUEST);
  await joining.provideShare(shareOf(one, 0)).catch(() => {});
  return caught[0] as Sent;
}

const ANSWER = 'sys/storage/raft/bootstrap/answer';
const send = (one: Bench, body: object) =>
  one.active.call('write', ANSWER, { token: '', body: { ...body } });

async function refused(t: ExecutionContext, one: Bench, body: object, what: string): Promise<void> {
  const answer = await send(one, body);
  t.is(answer.status, 400, what);
  t.deepEqual(answer.errors, ['invalid answer given'], what);
  t.deepEqual(one.cluster.changes, [], what);
}

test('CVE-2022-36129: an answer holds for one server, one address and one suffrage', async (t) => {
  const one = await bench();
  const right = await unsent(one);
  await refused(t, one, { ...right, server_id: 'node8' }, 'another server');
  await refused(t, one, { ...right, non_voter: true }, 'another suffrage');
  await refused(t, one, { ...right, cluster_addr: '127.0.0.1:8292' }, 'another address');
  t.is((await send(one, { ...right, server_id: 'node9\ud800' })).status, 400);
  t.is((await send(one, right)).status, 200);
});

test('an answer is taken once', async (t) => {
  const one = await bench();
  const right = await unsent(one);
  t.is((await send(one, right)).status, 200);
  one.cluster.changes = [];
  await refused(t, one, right, 'again');
});

test('an answer that comes too late is refused', async (t) => {
  const one = await bench();
  const right = await unsent(one);
  one.active.clock.advance(61_000);
  await refused(t, one, right, 'late');
});

test('an answer to what another process has asked is refused', async (t) => {
  const one = await bench();
  const right = await unsent(one);
  await one.active.restart();
  await refused(t, one, right, 'another process');
});

test('every byte of an answer counts', async (t) => {
  const one = await bench();
  const right = await unsent(one);
  const bytes = Buffer.from(right.answer, 'base64');
  for (let at = 0; at < bytes.length; at += 1) {
    const other = Buffer.from(bytes);
    other[at] = (other[at] ?? 0) ^ 1;
    await refused(t, one, { ...right, answer: other.toString('base64') }, `byte ${at}`);
  }
  for (const length of [0, 1, 72, 104, bytes.length - 1]) {
    const answer = bytes.subarray(0, length).toString('base64') || 'eA==';
    await refused(t, one, { ...right, answer }, `${length} bytes`);
  }
  t.is((await send(one, right)).status, 200);
});

test('shares of another cluster prove nothing', async (t) => {
  const one = await bench();
  const other = await bench();
  const theirs = await unsent(other);
  await refused(t, one, theirs, 'another cluster');
});

test('what is missing is named', async (t) => {
  const one = await bench();
  const all = { answer: 'eA==', cluster_addr: '127.0.0.1:1', server_id: 'node9' };
  const cases: readonly (readonly [object, string])[] = [
    [{ answer: '' }, 'no answer provided'],
    [{ cluster_addr: '' }, 'no cluster_addr provided'],
    [{ server_id: '' }, 'no server_id provided'],
    [{ answer: '?' }, 'could not base64 decode answer'],
    [{}, 'invalid answer given'],
  ];
  for (const [wrong, message] of cases) {
    const answer = await send(one, { ...all, ...wrong });
    t.is(answer.status, 400);
    t.deepEqual(answer.errors, [message]);
  }
  const challenge = 'sys/storage/raft/bootstrap/challenge';
  const none = await one.active.call('write', challenge, { token: '', body: {} });
  t.deepEqual([none.status, none.errors], [400, ['no server id provided']]);
});

test('an address that is none is refused', async (t) => {
  const one = await bench();
  const joining = new Joining({
    clock: one.active.clock,
    log: quietLog,
    ask: one.ask,
    random: () => 0,
    id: 'node9' as NodeId,
    clusterAddress: 'nowhere',
  });
  await joining.join(REQUEST);
  await t.throwsAsync(joining.provideShare(shareOf(one, 0)), {
    message: /invalid cluster_addr provided/,
  });
});

test('a server that is in service cannot be pushed out by one of the same name', async (t) => {
  const one = await bench();
  const own = newNode('node0', one.active, one.ask);
  await own.join(REQUEST);
  await t.throwsAsync(own.provideShare(shareOf(one, 0)), { message: /is in service/ });
  one.cluster.cluster.add(server('node9'));
  one.cluster.known = [peer('node9', { lastContact: 50 })];
  await t.throwsAsync(joinWithShares(one), { message: /is in service/ });
  t.deepEqual(one.cluster.changes, []);
});

test('a voter that comes back with nothing is a new server', async (t) => {
  const one = await bench();
  one.cluster.cluster.add(server('node9'));
  one.cluster.known = [peer('node9', { lastContact: 60_000 })];
  t.truthy(await joinWithShares(one));
  t.deepEqual(
    one.cluster.changes.map(({ type }) => type),
    ['remove', 'add'],
  );
});

test('what the cluster refuses is told, and can be tried again', async (t) => {
  const one = await bench();
  one.cluster.changeFailure = new RefusedError('another change is not committed yet');
  await t.throwsAsync(joinWithShares(one), { message: /another change is not committed yet/ });
  one.cluster.changeFailure = undefined;
  t.like(one.joining.sealConfig, { secret_shares: 1 });
  t.truthy(await one.joining.provideShare(shareOf(one, 0)));
});

test('after a rekey the old shares let nobody in', async (t) => {
  const one = await bench();
  const old = shareOf(one, 0);
  await one.joining.join(REQUEST);
  const start = await one.active.must('write', 'sys/rekey/init', {
    body: { secret_shares: 1, secret_threshold: 1 },
  });
  const { nonce } = start.body as { readonly nonce: string };
  await one.active.must('write', 'sys/rekey/update', { body: { nonce, key: old.toString('hex') } });
  await t.throwsAsync(one.joining.provideShare(old), { message: /^error decrypting challenge: / });
});

test('challenges are limited in number, and none is kept', async (t) => {
  const one = await bench();
  const { admission } = one.active.services.node.raft ?? {};
  const before = process.memoryUsage().heapUsed;
  let refusals = 0;
  for (let count = 0; count < 100_000; count += 1) {
    if (count % 100 === 0) one.active.clock.advance(count % 1000 === 0 ? 1000 : 100);
    try {
      admission?.challenge(`node${count}`);
    } catch {
      refusals += 1;
    }
  }
  t.true(refusals > 0);
  t.true(process.memoryUsage().heapUsed - before < 50_000_000);
  await one.active.advance(1_000);
  t.truthy(await joinWithShares(one));
});

test('the authorities of a cluster are made with it', async (t) => {
  const one = await bench();
  t.true(isAuthorityRecord(one.active.services.barrier.read(AUTHORITY_KEY)?.value));
});
