// Unsealing builds the services in order; sealing undoes them in reverse. What only the active node does is in duties.ts.
import { assert } from '#sdk/errors.ts';
import type { ApplyListener } from '#storage/physical.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { ClusterStorage } from '#storage/cluster-storage.ts';
import type { ShamirSeal } from '#storage/seal/shamir-seal.ts';
import type { Advertisement } from './advertisement.ts';
import { AuditBroker } from './audit/broker.ts';
import { CLUSTER_KEY, type ClusterRecord } from './cluster.ts';
import type { Config } from './config.ts';
import { sanitizedConfig } from './config/sanitized.ts';
import { EntityStore } from './identity/entities.ts';
import { LeaseManager } from './lease/manager.ts';
import { emptyCubbyholes } from './mount/cubbyhole.ts';
import { auditMeter } from './metrics/audit-meter.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Catalog } from './mount/table.ts';
import { MountTable } from './mount/table.ts';
import type { NodeControls } from './node-controls.ts';
import type { RaftControls } from './raft/controls.ts';
import { makeRaftControls } from './raft/open.ts';
import { PolicyStore } from './policy/store.ts';
import { Rekey } from './rekey.ts';
import { RootGeneration } from './root-generation.ts';
import { TokenStore } from './token/store.ts';
import type { Unsealed } from './unsealed.ts';

/** The node whose services they are. */
export interface Owner
  extends
    Pick<NodeControls, 'storageType' | 'logLevel' | 'inFlight'>,
    Pick<Unsealed, 'clock' | 'log'> {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly metrics: Metrics;
  readonly cluster: ClusterStorage | undefined;
  readonly own: Advertisement;
  handOver(): Promise<void>;
  seal(): Promise<void>;
}

export interface OpenServices {
  readonly unsealed: Unsealed;
  close(): Promise<void>;
}

export async function openServices(
  node: Owner,
  barrier: Barrier,
  seal: ShamirSeal,
): Promise<OpenServices> {
  await using stack = new AsyncDisposableStack();
  const { clock, log, config, catalog } = node;
  const limits = { defaultLeaseTtl: config.default_lease_ttl, maxLeaseTtl: config.max_lease_ttl };
  const mounts = stack.adopt(new MountTable(clock, limits, catalog), (table) => table.close());
  const entities = new EntityStore(clock);
  const policies = new PolicyStore();
  const audit = stack.adopt(openAudit(node, barrier), (broker) => broker.close());
  const tokens = new TokenStore(clock, (transaction, entries) =>
    emptyCubbyholes(mounts, transaction, entries),
  );
  const leases = new LeaseManager({ clock, log, barrier, mounts, tokens });
  const rootGeneration = stack.adopt(new RootGeneration(seal, barrier), (one) => one.end());
  const rekey = stack.adopt(new Rekey(seal, barrier), (one) => one.end());
  const raft = openRaft(node, barrier);
  const unsealed: Unsealed = {
    clock,
    log,
    barrier,
    mounts,
    tokens,
    policies,
    entities,
    leases,
    audit,
    node: { ...controlsOf(node, barrier), raft, rootGeneration, rekey },
  };
  const built = stack.move();
  return { unsealed, close: () => built.disposeAsync() };
}

function openAudit({ clock, log, config, metrics }: Owner, barrier: Barrier): AuditBroker {
  return new AuditBroker({
    read: <T>(key: string) => barrier.read<T>(key)?.value,
    observe: (listener: ApplyListener) => barrier.observe(listener),
    clock,
    log,
    allowsPrefix: config.allow_audit_log_prefixing,
    meter: auditMeter(metrics),
  });
}

function openRaft(
  { clock, log, config, cluster }: Owner,
  barrier: Barrier,
): RaftControls | undefined {
  if (cluster === undefined || config.storage?.type !== 'raft') return undefined;
  return makeRaftControls({ clock, log, barrier, settings: config.storage }, cluster);
}

function controlsOf(
  node: Owner,
  barrier: Barrier,
): Omit<NodeControls, 'raft' | 'rootGeneration' | 'rekey'> {
  const cluster = barrier.read<ClusterRecord>(CLUSTER_KEY)?.value;
  assert(cluster !== undefined, 'an initialised cluster has a name');
  return {
    clusterName: cluster.name,
    clusterId: cluster.id,
    storageType: node.storageType,
    apiAddress: node.own.apiAddress,
    clusterAddress: node.own.clusterAddress,
    isRawServed: node.config.raw_storage_endpoint,
    configuration: sanitizedConfig(node.config),
    logLevel: node.logLevel,
    inFlight: node.inFlight,
    metrics: node.metrics,
    stepDown: () => node.handOver(),
    seal: () => node.seal(),
  };
}
