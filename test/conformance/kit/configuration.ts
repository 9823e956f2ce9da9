// The configuration file of one node of a scenario.
import path from 'node:path';
import type { Certificates } from './certificates.ts';
import type { Fields, ServerSpec } from './scenario.ts';

export interface NodePlace {
  readonly id: number;
  readonly port: number;
  readonly clusterPort: number;
  readonly data: string;
}

const DEFAULTS: ServerSpec = {
  mode: 'dev',
  nodes: 1,
  storage: 'raft',
  init: true,
  shares: 1,
  threshold: 1,
  tls: false,
  listener: {},
  config: {},
  raft: {},
  args: [],
  env: {},
  client: undefined,
};

export function completeSpec(spec: Partial<ServerSpec>): ServerSpec {
  return { ...DEFAULTS, ...spec };
}

/** The document of a node; `spec` has its variables filled in. */
export function configuration(
  spec: ServerSpec,
  node: NodePlace,
  certificates: Certificates | undefined,
): Fields {
  const address = `127.0.0.1:${node.port}`;
  const cluster = `127.0.0.1:${node.clusterPort}`;
  const tcp = { address, cluster_address: cluster, ...tlsOf(spec, certificates), ...spec.listener };
  return {
    api_addr: `${spec.tls ? 'https' : 'http'}://${address}`,
    cluster_addr: `https://${cluster}`,
    disable_mlock: true,
    listener: [{ tcp }],
    storage: storageOf(spec, node),
    ...spec.config,
  };
}

function tlsOf(spec: ServerSpec, certificates: Certificates | undefined): Fields {
  if (!spec.tls || certificates === undefined) return { tls_disable: true };
  return {
    tls_cert_file: path.join(certificates.folder, 'server.pem'),
    tls_key_file: path.join(certificates.folder, 'server.key'),
  };
}

function storageOf(spec: ServerSpec, { id, data }: NodePlace): Fields {
  switch (spec.storage) {
    case 'raft':
      return {
        raft: { path: data, node_id: `node${id}`, performance_multiplier: '1', ...spec.raft },
      };
    case 'file':
      return { file: { path: data } };
    default:
      return { [spec.storage]: {} };
  }
}
