// `vault operator raft`: its subcommands.
import { type Group, leaf } from '../../command-table.ts';

const AUTOPILOT: Group = {
  synopsis: 'Interact with autopilot',
  members: {
    'get-config': leaf(
      'Returns the configuration of the autopilot subsystem under integrated storage',
      () => import('./autopilot.ts'),
      'autopilotGetConfig',
    ),
    'set-config': leaf(
      'Modify the configuration of the autopilot subsystem under integrated storage',
      () => import('./autopilot.ts'),
      'autopilotSetConfig',
    ),
    state: leaf(
      'Displays the state of the raft cluster under integrated storage as seen by autopilot',
      () => import('./autopilot.ts'),
      'autopilotState',
    ),
  },
};

const SNAPSHOT: Group = {
  synopsis: 'Restores and saves snapshots from the Raft cluster',
  members: {
    inspect: leaf('Inspects raft snapshot', () => import('./inspect.ts'), 'raftSnapshotInspect'),
    restore: leaf(
      'Installs the provided snapshot, returning the cluster to the state defined in it',
      () => import('./snapshot.ts'),
      'raftSnapshotRestore',
    ),
    save: leaf(
      'Saves a snapshot of the current state of the Raft cluster into a file',
      () => import('./snapshot.ts'),
      'raftSnapshotSave',
    ),
  },
};

export const RAFT: Group = {
  synopsis: "Interact with Vault's Raft storage backend",
  members: {
    autopilot: AUTOPILOT,
    join: leaf('Joins a node to the Raft cluster', () => import('./peers.ts'), 'raftJoin'),
    'list-peers': leaf('Returns the Raft peer set', () => import('./peers.ts'), 'raftListPeers'),
    'remove-peer': leaf(
      'Removes a node from the Raft cluster',
      () => import('./peers.ts'),
      'raftRemovePeer',
    ),
    snapshot: SNAPSHOT,
  },
};
