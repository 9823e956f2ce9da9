// `vault operator`: its subcommands.
import { type Group, leaf } from '../../command-table.ts';
import { RAFT } from '../raft/group.ts';

export const OPERATOR: Group = {
  synopsis: 'Perform operator-specific tasks',
  members: {
    'generate-root': leaf(
      'Generates a new root, DR operation, or recovery token',
      () => import('./generate-root.ts'),
      'operatorGenerateRoot',
    ),
    init: leaf('Initializes a server', () => import('./init.ts'), 'operatorInit'),
    'key-status': leaf(
      'Provides information about the active encryption key',
      () => import('./keys.ts'),
      'operatorKeyStatus',
    ),
    members: leaf(
      'Returns the list of nodes in the cluster',
      () => import('./cluster.ts'),
      'operatorMembers',
    ),
    raft: RAFT,
    rekey: leaf('Generates new unseal keys', () => import('./rekey.ts'), 'operatorRekey'),
    rotate: leaf(
      'Rotates the underlying encryption key',
      () => import('./keys.ts'),
      'operatorRotate',
    ),
    seal: leaf('Seals the Vault server', () => import('./seal.ts'), 'operatorSeal'),
    'step-down': leaf(
      'Forces Vault to resign active duty',
      () => import('./cluster.ts'),
      'operatorStepDown',
    ),
    unseal: leaf('Unseals the Vault server', () => import('./seal.ts'), 'operatorUnseal'),
  },
};
