// `vault operator members` and `step-down`: the nodes of a cluster, and the end of one's time as their leader.
import { object, text, type JsonObject } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { printData } from '../../format/output.ts';
import { table } from '../../format/table.ts';
import { expectArguments } from '../../input/arguments.ts';

export const operatorMembers = defineCommand({
  usage: 'operator members [options]',
  about: 'Provides the details of all the nodes in the cluster.',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const answer = await orFail('Error', connect().fetch('GET', 'sys/ha-status'));
    const nodes = (answer['nodes'] ?? answer['Nodes'] ?? []) as readonly unknown[];
    if (ui.format !== 'table') return printData(ui, { Nodes: nodes });
    ui.output(
      table(
        TITLES,
        nodes.map((node) => row(object(node) ?? {})),
      ),
    );
    return 0;
  },
});

const TITLES = [
  'Host Name',
  'API Address',
  'Cluster Address',
  'Active Node',
  'Version',
  'Upgrade Version',
  'Redundancy Zone',
  'Last Echo',
];

const row = (node: JsonObject): string[] => [
  text(node['hostname']),
  text(node['api_address']),
  text(node['cluster_address']),
  String(node['active_node'] === true),
  text(node['version']),
  text(node['upgrade_version']),
  text(node['redundancy_zone']),
  text(node['last_echo']),
];

export const operatorStepDown = defineCommand({
  usage: 'operator step-down [options]',
  about:
    'Forces the Vault server at the given address to step down from active duty. While the affected node will have a delay before attempting to acquire the leader lock again, if no other Vault nodes acquire the lock beforehand, it is possible for the same node to re-acquire the lock and become active again.\n\n      $ vault operator step-down',
  shared: ['http'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const client = connect();
    await orFail('Error stepping down', client.write('sys/step-down'));
    ui.output(`Success! Stepped down: ${client.settings.address}`);
    return 0;
  },
});
