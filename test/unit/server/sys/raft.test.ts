// sys/storage/raft: the servers of the cluster and autopilot.
import test from 'ava';
import { NotLeaderError, RefusedError } from '#storage/cluster-storage.ts';
import { TestServer } from '#test/helpers/server.ts';
import { peer, server, WholeCluster } from '#test/helpers/whole-cluster.ts';

const STORAGE = 'storage "raft" {\n path = "/nonexistent"\n node_id = "node0"\n}\n';

function start(cluster: WholeCluster): Promise<TestServer> {
  return TestServer.start({ cluster, storage: STORAGE });
}

test('the configuration names every server, and who leads', async (t) => {
  const api = await start(WholeCluster.leading(server('node1', 'staging'), server('node2')));
  const facts = { protocol_version: '3', leader: false };
  t.deepEqual((await api.must('read', 'sys/storage/raft/configuration')).data, {
    config: {
      servers: [
        { ...facts, node_id: 'node0', address: '127.0.0.1:8201', leader: true, voter: true },
        { ...facts, node_id: 'node1', address: '127.0.0.1:8211', voter: false },
        { ...facts, node_id: 'node2', address: '127.0.0.1:8221', voter: true },
      ],
      index: 0,
    },
  });
});

const PATHS = [
  ['read', 'configuration'],
  ['write', 'remove-peer'],
  ['read', 'autopilot/state'],
  ['read', 'autopilot/configuration'],
  ['write', 'autopilot/configuration'],
] as const;

for (const [verb, path] of PATHS) {
  test(`${verb} ${path} asks for a token and a policy that allows it`, async (t) => {
    const cluster = WholeCluster.leading(server('node1'));
    const api = await start(cluster);
    const full = `sys/storage/raft/${path}`;
    const body = { server_id: 'node1' };
    t.is((await api.call(verb, full, { token: '', body })).status, 403);
    const other = await api.token({ policies: ['default'] });
    t.is((await api.call(verb, full, { token: other, body })).status, 403);
    t.deepEqual(cluster.changes, []);
    const capability = verb === 'read' ? 'read' : 'update';
    await api.putPolicy('raft', `path "${full}" { capabilities = ["${capability}"] }`);
    const token = await api.token({ policies: ['raft'] });
    t.true((await api.call(verb, full, { token, body })).status < 300);
  });

  test(`${verb} ${path} says so where the storage is another`, async (t) => {
    const api = await TestServer.start();
    const answer = await api.call(verb, `sys/storage/raft/${path}`);
    t.is(answer.status, 400);
    t.regex(answer.errors.join(), /raft storage is not in use/);
  });
}

test('a server is removed; one that is not there is gone already', async (t) => {
  const cluster = WholeCluster.leading(server('node1'), server('node2'));
  const api = await start(cluster);
  const remove = (body: object) =>
    api.call('write', 'sys/storage/raft/remove-peer', { body: { ...body } });
  for (const body of [{}, { server_id: '' }]) {
    const none = await remove(body);
    t.is(none.status, 400);
    t.regex(none.errors.join(), /no server id provided/);
  }
  t.is((await remove({ server_id: 'nobody' })).status, 204);
  t.deepEqual(cluster.changes, []);
  t.is((await remove({ server_id: 'node2' })).status, 204);
  t.is((await remove({ server_id: 'node2' })).status, 204);
  t.deepEqual(cluster.changes, [{ type: 'remove', id: server('node2').id }]);
  t.is((await api.call('read', 'sys/storage/raft/remove-peer')).status, 405);
});

test('what the cluster refuses is told', async (t) => {
  const cluster = WholeCluster.leading(server('node1'));
  const api = await start(cluster);
  const remove = () =>
    api.call('write', 'sys/storage/raft/remove-peer', { body: { server_id: 'node1' } });
  cluster.changeFailure = new RefusedError('another change is not committed yet');
  t.like(await remove(), { status: 400 });
  cluster.changeFailure = new NotLeaderError(undefined);
  t.like(await remove(), { status: 503 });
});

const AUTOPILOT = 'sys/storage/raft/autopilot/configuration';
const DEFAULTS = {
  cleanup_dead_servers: false,
  dead_server_last_contact_threshold: '24h0m0s',
  disable_upgrade_migration: false,
  last_contact_threshold: '10s',
  max_trailing_logs: 1000,
  min_quorum: 0,
  server_stabilization_time: '10s',
};

test('what is set of autopilot stays over a seal, and the rest has its defaults', async (t) => {
  const api = await start(WholeCluster.leading());
  t.deepEqual((await api.must('read', AUTOPILOT)).data, DEFAULTS);
  await api.must('write', AUTOPILOT, { body: { max_trailing_logs: 500 } });
  await api.must('write', AUTOPILOT, {
    body: { last_contact_threshold: 5, server_stabilization_time: '30' },
  });
  await api.must('write', AUTOPILOT);
  await api.must('write', AUTOPILOT, { body: { no_such_thing: true } });
  const expected = {
    ...DEFAULTS,
    max_trailing_logs: 500,
    last_contact_threshold: '5s',
    server_stabilization_time: '30s',
  };
  t.deepEqual((await api.must('read', AUTOPILOT)).data, expected);
  await api.seal();
  await api.unseal();
  t.deepEqual((await api.must('read', AUTOPILOT)).data, expected);
});

const BAD_SETTINGS: readonly (readonly [object, RegExp])[] = [
  [{ cleanup_dead_servers: true }, /^min_quorum must be set when cleanup_dead_servers is set and/],
  [{ cleanup_dead_servers: true, min_quorum: 2 }, /it should at least be 3; .*min_quorum: 2$/],
  [
    { cleanup_dead_servers: true, min_quorum: 3, dead_server_last_contact_threshold: '10s' },
    /^dead_server_last_contact_threshold should not be set to less than 1m; received: 10$/,
  ],
  [{ last_contact_threshold: 'soon' }, /error converting input for field "last_contact_threshold"/],
  [{ min_quorum: 'many' }, /error converting input for field "min_quorum"/],
  [{ min_quorum: -1 }, /^min_quorum must not be negative$/],
  [{ max_trailing_logs: -5 }, /^max_trailing_logs must not be negative$/],
  [{ disable_upgrade_migration: true }, /only available in Vault Enterprise/],
];

for (const [body, message] of BAD_SETTINGS) {
  test(`autopilot refuses ${JSON.stringify(body)}, and nothing of it is taken`, async (t) => {
    const api = await start(WholeCluster.leading());
    const answer = await api.call('write', AUTOPILOT, { body: { ...body } });
    t.is(answer.status, 400);
    t.regex(answer.errors.join().replaceAll(/^1 error occurred:\n\t\* |\n\n$/g, ''), message);
    t.deepEqual((await api.must('read', AUTOPILOT)).data, DEFAULTS);
  });
}

const ECHO = {
  hostname: 'b',
  apiAddress: 'http://127.0.0.1:8210',
  clusterAddress: 'https://127.0.0.1:8211',
  version: '1.16.2',
  appliedIndex: 1,
  term: 1,
};

test('ha-status lists the active node and every standby that was heard of', async (t) => {
  const api = await start(WholeCluster.leading(server('node1'), server('node2')));
  api.services.node.raft?.echoes.hear(server('node1').id, ECHO);
  const { data, body } = await api.must('read', 'sys/ha-status');
  const nodes = data['nodes'] as readonly object[];
  t.is(nodes.length, 2);
  t.deepEqual(body['nodes'], nodes);
  t.like(nodes[0], {
    api_address: 'http://127.0.0.1:8200',
    cluster_address: 'https://127.0.0.1:8201',
    active_node: true,
    last_echo: null,
    version: '1.16.3',
    upgrade_version: '1.16.3',
  });
  t.deepEqual(nodes[1], {
    hostname: 'b',
    api_address: 'http://127.0.0.1:8210',
    cluster_address: 'https://127.0.0.1:8211',
    active_node: false,
    last_echo: '2024-05-06T07:08:09.12Z',
    version: '1.16.2',
    upgrade_version: '1.16.2',
  });
  t.is((await api.call('read', 'sys/ha-status', { token: '' })).status, 403);
});

test('the state of autopilot shows each server', async (t) => {
  const cluster = WholeCluster.leading(server('node1'), server('node2', 'staging'));
  cluster.known = [peer('node1', { lastContact: 1234 }), peer('node2', { lastContact: 60_000 })];
  const api = await start(cluster);
  api.services.node.raft?.echoes.hear(server('node1').id, ECHO);
  const { data } = await api.must('read', 'sys/storage/raft/autopilot/state');
  t.like(data, { healthy: false, failure_tolerance: 0, leader: 'node0' });
  t.deepEqual(data['voters'], ['node0', 'node1']);
  t.deepEqual(data['non_voters'], ['node2']);
  const servers = data['servers'] as Readonly<Record<string, object>>;
  t.like(servers['node0'], {
    id: 'node0',
    name: 'node0',
    address: '127.0.0.1:8201',
    status: 'leader',
    node_status: 'alive',
    node_type: 'voter',
    healthy: true,
    last_contact: '0s',
    version: '1.16.3',
  });
  t.like(servers['node1'], { status: 'voter', last_contact: '1.234s', version: '1.16.2' });
  t.like(servers['node2'], { status: 'non-voter', healthy: false, last_contact: '1m0s' });
});
