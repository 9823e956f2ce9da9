// `vault operator raft autopilot`: how the leader looks after the other servers.
import { type JsonObject, object, text, texts } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { apiDuration, boolFlag, durationFlag, intFlag } from '../../flags.ts';
import { show, sortedKeys } from '../../format/go.ts';
import { printData } from '../../format/output.ts';
import { table } from '../../format/table.ts';
import { expectArguments } from '../../input/arguments.ts';

const CONFIGURATION = 'sys/storage/raft/autopilot/configuration';

const TITLES: readonly (readonly [string, string])[] = [
  ['Cleanup Dead Servers', 'cleanup_dead_servers'],
  ['Last Contact Threshold', 'last_contact_threshold'],
  ['Dead Server Last Contact Threshold', 'dead_server_last_contact_threshold'],
  ['Server Stabilization Time', 'server_stabilization_time'],
  ['Min Quorum', 'min_quorum'],
  ['Max Trailing Logs', 'max_trailing_logs'],
];

export const autopilotGetConfig = defineCommand({
  usage: 'operator raft autopilot get-config [options]',
  about: 'Returns the configuration of the autopilot subsystem under integrated storage.',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const request = connect().fetch('GET', CONFIGURATION);
    const config = await orFail('Error reading autopilot configuration', request);
    if (ui.format !== 'table') return printData(ui, config);
    ui.output(
      table(
        ['Key', 'Value'],
        TITLES.map(([title, name]) => [title, show(config[name])]),
      ),
    );
    return 0;
  },
});

export const autopilotSetConfig = defineCommand({
  usage: 'operator raft autopilot set-config [options]',
  about:
    'Modify the configuration of the autopilot subsystem under integrated storage. What is not given stays as it is.',
  shared: ['http'],
  flags: {
    'cleanup-dead-servers': boolFlag('Remove servers that were not heard of for long.'),
    'last-contact-threshold': durationFlag('How long a healthy server may be silent.'),
    'dead-server-last-contact-threshold': durationFlag('After which silence a server is dead.'),
    'server-stabilization-time': durationFlag('How long a server must be healthy to get a vote.'),
    'min-quorum': intFlag('How many servers stay, however many are dead.'),
    'max-trailing-logs': intFlag('How many entries a healthy server may be behind.'),
    'disable-upgrade-migration': boolFlag('Do not move to servers of a newer version.'),
  },
  run: async ({ flags, given, args, connect }) => {
    expectArguments(args, 0);
    const values: Readonly<Record<string, unknown>> = {
      ...flags,
      'last-contact-threshold': apiDuration(flags['last-contact-threshold']),
      'dead-server-last-contact-threshold': apiDuration(
        flags['dead-server-last-contact-threshold'],
      ),
      'server-stabilization-time': apiDuration(flags['server-stabilization-time']),
    };
    const own = Object.keys(values).filter((name) => given.has(name));
    const body = Object.fromEntries(own.map((name) => [name.replaceAll('-', '_'), values[name]]));
    const request = connect().call('POST', CONFIGURATION, { body });
    await orFail('Error writing autopilot configuration', request);
    return 0;
  },
});

export const autopilotState = defineCommand({
  usage: 'operator raft autopilot state [options]',
  about: 'Displays the state of the raft cluster as seen by autopilot.',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const request = connect().fetch('GET', 'sys/storage/raft/autopilot/state');
    const state = await orFail('Error checking autopilot state', request);
    const isForPeople = ui.format === 'table' || ui.format === 'pretty';
    if (!isForPeople) return printData(ui, stateStructure(state));
    ui.output(describeState(state));
    return 0;
  },
});

/** Lines of names and values, those of each server further in. */
function describeState(state: JsonObject): string {
  const servers = object(state['servers']) ?? {};
  const lines = [
    line('Healthy', state['healthy'], 0),
    line('Failure Tolerance', state['failure_tolerance'] ?? 0, 0),
    line('Leader', state['leader'], 0),
    'Voters:',
    ...(texts(state['voters']) ?? []).map((id) => `   ${id}`),
  ];
  const others = texts(state['non_voters']) ?? [];
  if (others.length > 0) lines.push('Non Voters:', ...others.map((id) => `   ${id}`));
  lines.push('Servers:');
  for (const id of sortedKeys(servers)) {
    lines.push(...describeServer(id, object(servers[id]) ?? {}));
  }
  return lines.join('\n');
}

const SERVER_TITLES: readonly (readonly [string, string])[] = [
  ['Name', 'name'],
  ['Address', 'address'],
  ['Status', 'status'],
  ['Node Status', 'node_status'],
  ['Healthy', 'healthy'],
  ['Last Contact', 'last_contact'],
  ['Last Term', 'last_term'],
  ['Last Index', 'last_index'],
  ['Version', 'version'],
  ['Upgrade Version', 'upgrade_version'],
  ['Redundancy Zone', 'redundancy_zone'],
  ['Node Type', 'node_type'],
];
const WHERE_KNOWN: ReadonlySet<string> = new Set([
  'upgrade_version',
  'redundancy_zone',
  'node_type',
]);

function describeServer(id: string, server: JsonObject): string[] {
  const rows = SERVER_TITLES.filter(
    ([, name]) => !WHERE_KNOWN.has(name) || text(server[name]) !== '',
  );
  return [`   ${id}`, ...rows.map(([title, name]) => line(title, server[name], 2))];
}

const VALUE_COLUMN = 33;
const SERVER_VALUE_COLUMN = 25;

function line(title: string, value: unknown, depth: number): string {
  const start = `${'   '.repeat(depth)}${title}:`;
  const column = depth === 0 ? VALUE_COLUMN : SERVER_VALUE_COLUMN;
  return start.padEnd(column) + show(value);
}

/** Programs get the names that the fields have in Vault's own structure. */
const stateStructure = (state: JsonObject): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['Healthy', state['healthy'] === true],
    ['FailureTolerance', state['failure_tolerance'] ?? 0],
    ['Servers', serverStructures(object(state['servers']) ?? {})],
    ['Leader', text(state['leader'])],
    ['Voters', texts(state['voters']) ?? null],
    ['NonVoters', texts(state['non_voters']) ?? null],
    ['RedundancyZones', object(state['redundancy_zones']) ?? null],
    ['Upgrade', object(state['upgrade_info']) ?? null],
    ['OptimisticFailureTolerance', state['optimistic_failure_tolerance'] ?? 0],
  ]);

const serverStructures = (servers: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(servers).map(([id, item]) => {
      const server = object(item) ?? {};
      const structure = new Map<string, unknown>([
        ['ID', text(server['id'])],
        ['Name', text(server['name'])],
        ['Address', text(server['address'])],
        ['NodeStatus', text(server['node_status'])],
        ['LastContact', text(server['last_contact'])],
        ['LastTerm', server['last_term'] ?? 0],
        ['LastIndex', server['last_index'] ?? 0],
        ['Healthy', server['healthy'] === true],
        ['StableSince', text(server['stable_since'])],
        ['Status', text(server['status'])],
        ['Version', text(server['version'])],
        ['UpgradeVersion', text(server['upgrade_version'])],
        ['RedundancyZone', text(server['redundancy_zone'])],
        ['NodeType', text(server['node_type'])],
      ]);
      if (structure.get('RedundancyZone') === '') structure.delete('RedundancyZone');
      return [id, structure];
    }),
  );
