// What integrated storage shows of a node and of its cluster, under Vault's names.
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
  return { cluster, lines };
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

const ofTheLog = (name: string) =>
  new RegExp(`^vault_raft_storage_bolt_${name}\\{.*database="logstore"`);

test('the files of the log are shown under the names of the store that dashboards know', async (t) => {
  const { cluster, lines } = await begin(server('node1'));
  t.false((await lines()).some((line) => ofTheLog('page_count').test(line)));
  cluster.log = { bytes: 4096, freeBytes: 1024, writes: 7 };
  const shown = await lines();
  for (const [name, value] of [
    ['page_count', 8],
    ['page_bytes_allocated', 4096],
    ['freelist_free_pages', 2],
    ['write_count', 7],
  ] as const) {
    const line = shown.find((one) => ofTheLog(name).test(one));
    t.is(line?.split(' ')[1], String(value), name);
  }
});
