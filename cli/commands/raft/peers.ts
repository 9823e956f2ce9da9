// `vault operator raft join`, `list-peers` and `remove-peer`: who belongs to the cluster.
import { object, text } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail, serverFailure, usageFailure } from '../../failure.ts';
import { boolFlag, intFlag, textFlag } from '../../flags.ts';
import { printData, printSecret } from '../../format/output.ts';
import { table } from '../../format/table.ts';
import { expectArguments } from '../../input/arguments.ts';
import { readText } from '../../input/files.ts';

export const raftJoin = defineCommand({
  usage: 'operator raft join [options] <leader-api-addr|auto-join-configuration>',
  about:
    'Join the current node as a peer to the Raft cluster by providing the address of the Raft leader node.\n\n      $ vault operator raft join "http://127.0.0.2:8200"',
  shared: ['http', 'format'],
  flags: {
    'auto-join-scheme': textFlag('Scheme of the addresses that auto-join finds.'),
    'auto-join-port': intFlag('Port of the addresses that auto-join finds.'),
    'leader-ca-cert': textFlag(
      'CA certificate that verifies the leader; "@" and a file, or the text.',
    ),
    'leader-client-cert': textFlag(
      'Client certificate for the leader; "@" and a file, or the text.',
    ),
    'leader-client-key': textFlag('Key of the client certificate; "@" and a file, or the text.'),
    retry: boolFlag('Try again until the node has joined.'),
    'non-voter': boolFlag('Join without a vote.'),
  },
  run: async ({ flags, args, ui, connect }) => {
    expectArguments(args, 0, 1);
    const target = (args[0] ?? '').trim();
    const isAutoJoin = /^\s*provider\s*=|\bprovider=/.test(target);
    const body = {
      ...(isAutoJoin
        ? {
            auto_join: target,
            auto_join_scheme: flags['auto-join-scheme'],
            auto_join_port: flags['auto-join-port'],
          }
        : { leader_api_addr: target }),
      leader_ca_cert: inline(flags['leader-ca-cert']),
      leader_client_cert: inline(flags['leader-client-cert']),
      leader_client_key: inline(flags['leader-client-key']),
      retry: flags.retry,
      non_voter: flags['non-voter'],
    };
    const request = connect().fetch('POST', 'sys/storage/raft/join', { body });
    const answer = await orFail('Error joining the node to the Raft cluster', request);
    if (ui.format !== 'table') return printData(ui, answer);
    ui.output(table(['Key', 'Value'], [['Joined', String(answer['joined'] === true)]]));
    return 0;
  },
});

/** A certificate itself, or the content of the file that is named after an `@`. */
const inline = (typed: string): string =>
  typed.startsWith('@') ? readText(typed.slice(1)) : typed;

export const raftListPeers = defineCommand({
  usage: 'operator raft list-peers [options]',
  about: 'Provides the details of all the peers in the Raft cluster.',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const request = connect().call('GET', 'sys/storage/raft/configuration');
    const secret = await orFail('Error reading the raft cluster configuration', request);
    if (secret === undefined) throw serverFailure('No raft cluster configuration found');
    if (ui.format !== 'table') return printSecret(ui, secret);
    const servers = object(secret.data?.['config'])?.['servers'];
    const rows = (Array.isArray(servers) ? servers : []).map((item) => {
      const server = object(item) ?? {};
      const state = server['leader'] === true ? 'leader' : 'follower';
      return [
        text(server['node_id']),
        text(server['address']),
        state,
        String(server['voter'] === true),
      ];
    });
    ui.output(table(['Node', 'Address', 'State', 'Voter'], rows));
    return 0;
  },
});

export const raftRemovePeer = defineCommand({
  usage: 'operator raft remove-peer [options] <server id>',
  about: 'Removes a node from the Raft cluster.\n\n      $ vault operator raft remove-peer node1',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    if (args.length !== 1) {
      throw usageFailure(`Incorrect arguments (expected 1, got ${args.length})`);
    }
    const body = { server_id: (args[0] ?? '').trim() };
    const request = connect().call('POST', 'sys/storage/raft/remove-peer', { body });
    await orFail('Error removing the peer from raft cluster', request);
    ui.output('Peer removed successfully!');
    return 0;
  },
});
