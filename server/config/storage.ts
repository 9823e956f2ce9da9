// The `storage` stanza: which store, and what that store needs to know.
import { HclError } from '../hcl/position.ts';
import { blocks, type Block } from '../hcl/read.ts';
import type { Body } from '../hcl/values.ts';
import {
  exactSeconds,
  flag,
  inert,
  initialOf,
  readStanza,
  text,
  whole,
  type Context,
  type Settings,
  type Table,
} from './setting.ts';

const COMMON = {
  redirect_addr: text(),
  advertise_addr: text(),
  cluster_addr: text(),
  disable_clustering: flag(),
};

const RETRY_JOIN = {
  leader_api_addr: text(),
  leader_tls_servername: text(),
  leader_ca_cert_file: text(),
  leader_client_cert_file: text(),
  leader_client_key_file: text(),
  leader_ca_cert: text(),
  leader_client_cert: text(),
  leader_client_key: text(),
  auto_join: inert(text(), 'leaders are named by leader_api_addr'),
  auto_join_scheme: inert(text(), 'leaders are named by leader_api_addr'),
  auto_join_port: inert(whole(), 'leaders are named by leader_api_addr'),
};

const RAFT = {
  ...COMMON,
  path: text(),
  node_id: text(),
  performance_multiplier: whole(5),
  trailing_logs: whole(10_000),
  snapshot_threshold: whole(8_192),
  snapshot_interval: exactSeconds(120),
  max_entry_size: whole(1_048_576),
  max_transaction_size: whole(8_388_608),
  max_mount_and_namespace_table_entry_size: inert(whole(), 'mount tables are not one entry'),
  retry_join_as_non_voter: flag(),
  autopilot_reconcile_interval: exactSeconds(10),
  autopilot_update_interval: exactSeconds(2),
  autopilot_upgrade_version: inert(text(), 'it is part of another edition'),
  autopilot_redundancy_zone: inert(text(), 'it is part of another edition'),
  raft_wal: inert(flag(), 'there is one kind of log'),
  raft_log_verifier_enabled: inert(flag(), 'the log is always verified'),
  raft_log_verification_interval: inert(exactSeconds(), 'the log is always verified'),
};

const FILE = {
  ...COMMON,
  path: text(),
  max_parallel: inert(text(), 'operations on one store run one after another'),
};
const MEMORY = { ...COMMON, max_parallel: inert(text(), 'memory needs no limit') };

export type RetryJoin = Settings<typeof RETRY_JOIN>;

export type Storage =
  | ({ readonly type: 'raft'; readonly retry_join: readonly RetryJoin[] } & Settings<typeof RAFT>)
  | ({ readonly type: 'file' } & Settings<typeof FILE>)
  | ({ readonly type: 'inmem' } & Settings<typeof MEMORY>);

/** The one stanza of the name, if the file has it. */
export function readStorage(body: Body, name: string, context: Context): Storage | undefined {
  const [first, second] = blocks(body, name, 1);
  if (second !== undefined) {
    throw new HclError(`only one ${JSON.stringify(name)} block is permitted`, second.at);
  }
  return first === undefined ? undefined : readStore(first, name, context);
}

/** The node's addresses, which old files have in this stanza. */
export function addressesOf(storage: Storage | undefined): {
  readonly api_addr?: string;
  readonly cluster_addr?: string;
} {
  if (storage === undefined) return {};
  const { redirect_addr, advertise_addr, cluster_addr } = storage;
  return { api_addr: redirect_addr === '' ? advertise_addr : redirect_addr, cluster_addr };
}

function readStore({ labels, body, at }: Block, name: string, context: Context): Storage {
  const type = (labels[0] ?? name).toLowerCase();
  switch (type) {
    case 'raft':
      return { type, ...readAll(RAFT, body, context), retry_join: readRetryJoin(body, context) };
    case 'file':
      return { type, ...needsPath(readAll(FILE, body, context), at) };
    case 'inmem':
      return { type, ...readAll(MEMORY, body, context) };
    default:
      throw new HclError(`Unknown storage type ${type}`, at);
  }
}

const NESTED: ReadonlySet<string> = new Set(['retry_join']);

function readAll<T extends Table>(table: T, body: Body, context: Context): Settings<T> {
  return { ...initialOf(table), ...readStanza(table, body, context, NESTED) };
}

function readRetryJoin(body: Body, context: Context): readonly RetryJoin[] {
  return blocks(body, 'retry_join', 0).map((join) => ({
    ...initialOf(RETRY_JOIN),
    ...readStanza(RETRY_JOIN, join.body, context),
  }));
}

function needsPath<S extends { readonly path: string }>(storage: S, at: Block['at']): S {
  if (storage.path === '') throw new HclError("'path' must be set", at);
  return storage;
}
