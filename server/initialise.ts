// What storage holds from the first moment on: the mounts that are always there, the cluster's name, the first token.
import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '#sdk/clock.ts';
import type { Transaction } from '#storage/transaction.ts';
import { AUTHORITY_KEY, type AuthorityRecord } from './cluster/authority.ts';
import { CLUSTER_KEY, type ClusterRecord } from './cluster.ts';
import type { Config } from './config.ts';
import { makeEntry } from './mount/make-entry.ts';
import type { MountEntry } from './mount/entry.ts';
import { MOUNTS_KEY, type MountRecord } from './mount/table.ts';
import { BARE_TOKEN, TokenStore } from './token/store.ts';

/** What a server for development is to hold besides. */
export interface FirstContents {
  /** The first token, where the operator chose it. */
  readonly rootTokenId?: string | undefined;
  readonly mounts?: readonly MountEntry[];
  /** By which nodes know each other, where there may be others. */
  readonly authorities?: AuthorityRecord | undefined;
}

const CLUSTER_NAME_BYTES = 4;

const FIRST_MOUNTS: readonly Parameters<typeof makeEntry>[0][] = [
  {
    kind: 'secret',
    path: 'cubbyhole/',
    type: 'cubbyhole',
    description: 'per-token private secret storage',
    local: true,
  },
  {
    kind: 'secret',
    path: 'identity/',
    type: 'identity',
    description: 'identity store',
    config: { passthrough_request_headers: ['Authorization'] },
  },
  {
    kind: 'secret',
    path: 'sys/',
    type: 'system',
    description: 'system endpoints used for control, policy and debugging',
    sealWrap: true,
    config: { passthrough_request_headers: ['Accept'] },
  },
  {
    kind: 'auth',
    path: 'auth/token/',
    type: 'token',
    description: 'token based credentials',
  },
];

/** @returns the first token */
export function prepareStorage(
  transaction: Transaction,
  clock: Clock,
  config: Pick<Config, 'cluster_name'>,
  { rootTokenId, mounts = [], authorities }: FirstContents,
): string {
  const cluster: ClusterRecord = {
    id: randomUUID(),
    name: config.cluster_name || `vault-cluster-${randomBytes(CLUSTER_NAME_BYTES).toString('hex')}`,
  };
  transaction.put(CLUSTER_KEY, cluster);
  if (authorities !== undefined) transaction.put(AUTHORITY_KEY, authorities);
  const table: MountRecord = { mounts: [...FIRST_MOUNTS.map(makeEntry), ...mounts] };
  transaction.put(MOUNTS_KEY, table);
  const tokens = new TokenStore(clock, () => {});
  tokens.initialise(transaction);
  return makeRootToken(tokens, transaction, clock, rootTokenId);
}

/** A token whose id was chosen looks as if the first root token had made it, as in Vault's server for development. */
export function makeRootToken(
  tokens: TokenStore,
  transaction: Transaction,
  clock: Clock,
  id: string | undefined,
): string {
  const { token } = tokens.create(
    transaction,
    {
      ...BARE_TOKEN,
      policies: ['root'],
      path: id === undefined ? 'auth/token/root' : 'auth/token/create',
      displayName: id === undefined ? 'root' : 'token',
      createdAt: clock.now(),
    },
    id,
  );
  return token;
}
