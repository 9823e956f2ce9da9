// The seal of a server and its place in the cluster, as `status` and `operator unseal` show them.
import type { Client } from '../client/client.ts';
import type { JsonObject } from '../client/secret.ts';
import { text } from '../client/secret.ts';
import { messageOf, orFail } from '../failure.ts';
import { printData } from '../format/output.ts';
import { table } from '../format/table.ts';
import { show } from '../format/go.ts';
import type { Ui } from '../ui.ts';

const EXIT_FAILED = 1;
/** How Go prints a time that was never set. */
const NEVER = '0001-01-01T00:00:00Z';

/** The fields of both answers, in the order in which programs get them; those after the mark only where they say something. */
const ALWAYS = [
  'type',
  'initialized',
  'sealed',
  't',
  'n',
  'progress',
  'nonce',
  'version',
  'build_date',
  'migration',
];
const OF_SEAL = ['cluster_name', 'cluster_id'];
const AFTER_SEAL = [
  'recovery_seal_type',
  'storage_type',
  'hcp_link_status',
  'hcp_link_resource_ID',
  'warnings',
];
const OF_LEADER = [
  'leader_address',
  'leader_cluster_address',
  'performance_standby',
  'performance_standby_last_remote_wal',
  'last_wal',
  'raft_committed_index',
  'raft_applied_index',
];

/** Asks who leads, and prints both. */
export async function printSealStatus(ui: Ui, client: Client, seal: JsonObject): Promise<number> {
  const leader = await orFail('Error checking leader status', leaderOf(client), EXIT_FAILED);
  if (ui.format !== 'table') return printData(ui, structure(seal, leader));
  ui.output(table(['Key', 'Value'], [...sealRows(seal), ...leaderRows(seal, leader)]));
  return 0;
}

/** A sealed server with a cluster cannot tell who leads: that alone says that it has one. */
async function leaderOf(client: Client): Promise<JsonObject> {
  try {
    return await client.fetch('GET', 'sys/leader');
  } catch (error) {
    if (messageOf(error).includes('Vault is sealed')) return { ha_enabled: true };
    throw error;
  }
}

function structure(seal: JsonObject, leader: JsonObject): ReadonlyMap<string, unknown> {
  const result = new Map<string, unknown>(
    ALWAYS.map((name) => [name, seal[name] ?? emptyOf(name)]),
  );
  addPresent(result, seal, OF_SEAL);
  result.set('recovery_seal', seal['recovery_seal'] === true);
  addPresent(result, seal, AFTER_SEAL);
  result.set('ha_enabled', leader['ha_enabled'] === true);
  addPresent(result, leader, ['is_self']);
  result.set('active_time', leader['active_time'] ?? NEVER);
  addPresent(result, leader, OF_LEADER);
  return result;
}

const emptyOf = (name: string): unknown => (name === 'build_date' || name === 'nonce' ? '' : false);

function addPresent(
  result: Map<string, unknown>,
  from: JsonObject,
  names: readonly string[],
): void {
  for (const name of names) if (from[name]) result.set(name, from[name]);
}

type Row = readonly [string, string];

function sealRows(seal: JsonObject): Row[] {
  const recovery = seal['recovery_seal'] === true ? 'Recovery ' : '';
  const value = (name: string): string => (seal[name] === undefined ? '' : show(seal[name]));
  const rows: Row[] = [
    ['Seal Type', value('type')],
    ...(recovery === '' ? [] : [['Recovery Seal Type', value('recovery_seal_type')] as const]),
    ['Initialized', value('initialized')],
    ['Sealed', value('sealed')],
    [`Total ${recovery}Shares`, value('n')],
    ['Threshold', value('t')],
  ];
  if (seal['sealed'] === true) {
    rows.push(['Unseal Progress', `${value('progress')}/${value('t')}`]);
    rows.push(['Unseal Nonce', value('nonce')]);
  }
  if (seal['migration'] === true) rows.push(['Seal Migration in Progress', 'true']);
  rows.push(['Version', value('version')], ['Build Date', value('build_date')]);
  rows.push(['Storage Type', value('storage_type')]);
  if (seal['cluster_name'] && seal['cluster_id']) {
    rows.push(['Cluster Name', value('cluster_name')], ['Cluster ID', value('cluster_id')]);
  }
  return rows;
}

function leaderRows(seal: JsonObject, leader: JsonObject): Row[] {
  const rows: Row[] = [['HA Enabled', String(leader['ha_enabled'] === true)]];
  if (leader['ha_enabled'] === true && seal['sealed'] !== true) rows.push(...memberRows(leader));
  for (const [title, name] of [
    ['Raft Committed Index', 'raft_committed_index'],
    ['Raft Applied Index', 'raft_applied_index'],
    ['Last WAL', 'last_wal'],
  ] as const) {
    if (leader[name]) rows.push([title, show(leader[name])]);
  }
  return rows;
}

function memberRows(leader: JsonObject): Row[] {
  const isActive = leader['is_self'] === true;
  const rows: Row[] = [
    ['HA Cluster', text(leader['leader_cluster_address'])],
    ['HA Mode', isActive ? 'active' : 'standby'],
  ];
  const since = text(leader['active_time']);
  if (isActive && since !== '' && since !== NEVER) rows.push(['Active Since', since]);
  if (!isActive) rows.push(['Active Node Address', text(leader['leader_address']) || '<none>']);
  return rows;
}
