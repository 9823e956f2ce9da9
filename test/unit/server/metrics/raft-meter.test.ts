// What integrated storage shows, under Vault's names.
import test from 'ava';
import type { Server } from '#raft/types.ts';
import { TestServer } from '#test/helpers/server.ts';
import { peer, server, WholeCluster } from '#test/helpers/whole-cluster.ts';

const STORAGE = 'storage "raft" {\n path = "/nonexistent"\n node_id = "node0"\n}\n';
const TELEMETRY = 'telemetry {\n prometheus_retention_time = "1h"\n disable_hostname = true\n}\n';

async function begin(...others: readonly Server[]) {
  const cluster = WholeCluster.leading(...others);
  cluster.known = others.map(({ id }) => peer(id, { lastContact: 40 }));
  const api = await TestServer.start({ cluster, storage: STORAGE, config: TELEMETRY });
  const lines = async (): Promise<readonly string[]> =>
    (await api.services.node.metrics.text()).split('\n').filter((line) => !line.startsWith('#'));
  return { api, cluster, lines };
}

test('the active node shows every server, and how they do', async (t) => {
  const { cluster, lines } = await begin(server('node1'), server('node2', 'staging'));
  cluster.known = [peer('node1'), peer('node2', { lastContact: 60_000 })];
  const shown = await lines();
  for (const expected of [
    'vault_raft_peers 3',
    'vault_autopilot_healthy 0',
    'vault_autopilot_failure_tolerance 0',
    'vault_autopilot_node_healthy{node_id="node0"} 1',
    'vault_autopilot_node_healthy{node_id="node1"} 1',
    'vault_autopilot_node_healthy{node_id="node2"} 0',
  ]) {
    t.true(shown.includes(expected), `${expected} in\n${shown.join('\n')}`);
  }
});

test('a standby shows where it stands, and nothing of the others', async (t) => {
  const { cluster, lines } = await begin(server('node1'));
  cluster.cluster.depose();
  const shown = await lines();
  t.true(
    shown.some((line) =>
      /^vault_raft_storage_stats_applied_index\{.*peer_id="node0"\} \d+$/.test(line),
    ),
  );
  t.true(shown.some((line) => /^vault_raft_storage_stats_fsm_pending\{.*\} 0$/.test(line)));
  t.false(shown.some((line) => line.startsWith('vault_autopilot')));
});

test('writes and reads are counted and timed', async (t) => {
  const { api, lines } = await begin(server('node1'));
  const count = async (name: string): Promise<number> => {
    const line = (await lines()).find((one) => one.startsWith(`${name} `)) ?? '';
    return Number(line.split(' ')[1]);
  };
  const before = await count('vault_raft_apply');
  await api.must('write', 'cubbyhole/a', { body: { x: '1' } });
  t.is(await count('vault_raft_apply'), before + 1);
  t.is(await count('vault_raft_commitTime_count'), before + 1);
  t.true((await count('vault_raft_storage_entry_size_sum')) > 0);
  t.true((await count('vault_raft_storage_put_count')) > 0);
  t.true((await count('vault_raft_list_count')) >= 0);
});

test('roles and silences are counted', async (t) => {
  const { api, cluster, lines } = await begin(server('node1'));
  cluster.cluster.depose();
  cluster.cluster.elect(cluster);
  await api.settle();
  await api.advance(2000);
  const shown = await lines();
  t.true(shown.includes('vault_raft_state_candidate 1'));
  t.true(shown.includes('vault_raft_state_follower 0'));
  t.true(shown.some((line) => line.startsWith('vault_raft_leader_lastContact_count')));
});
