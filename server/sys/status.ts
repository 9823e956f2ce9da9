// What there is to know of the node besides its health: its machine, the versions that ran on its storage, replication.
import { cpus, freemem, hostname, loadavg, platform, release, totalmem, uptime } from 'node:os';
import { formatTime, type Clock, type Millis } from '#sdk/clock.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, raw, reply } from '#sdk/reply.ts';
import type { Echo } from '../cluster/echo.ts';
import type { NodeControls } from '../node-controls.ts';
import { readVersions } from '../version-history.ts';
import { VERSION } from '../version.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const hostInfo = path('host-info', {
  help: 'Information about the host instance that this Vault server is running on.\n\nThe information that gets collected includes host hardware information, and CPU,\nand memory utilization.',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read facts about the machine',
      handler: ({ clock }) => reply(describeHost(clock)),
    },
  },
});

function describeHost(clock: Clock): Readonly<Record<string, unknown>> {
  const all = cpus();
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
  const [total, free] = [totalmem(), freemem()];
  return {
    timestamp: formatTime(clock.now()),
    host: {
      hostname: hostname(),
      os: platform(),
      kernelVersion: release(),
      uptime: Math.floor(uptime()),
    },
    cpu: all.map(({ model, speed }, index) => ({ cpu: index, modelName: model, mhz: speed })),
    cpu_times: all.map(({ times }, index) => ({
      cpu: `cpu${index}`,
      user: times.user / 1000,
      nice: times.nice / 1000,
      system: times.sys / 1000,
      idle: times.idle / 1000,
      irq: times.irq / 1000,
    })),
    load: { load1, load5, load15 },
    memory: { total, free, used: total - free, usedPercent: (100 * (total - free)) / total },
  };
}

const versionHistory = path('version-history/', {
  help: 'List historical version changes sorted by installation time in ascending order.',
  fields: {},
  operations: {
    list: {
      standby: 'serve',
      summary: 'List the versions that have run on this storage',
      handler: ({ engine: { transaction } }) => {
        const versions = readVersions(transaction);
        const info = versions.map(({ version, ...facts }) => [version, facts] as const);
        return listReply(
          versions.map(({ version }) => version),
          Object.fromEntries(info),
        );
      },
    },
  },
});

const haStatus = path('ha-status', {
  help: 'Returns the HA status of the nodes of this cluster.',
  isFlat: true,
  fields: {},
  operations: {
    read: {
      summary: 'List the nodes',
      handler: ({ engine: { services } }) => reply({ nodes: nodesOf(services.node) }),
    },
  },
});

/** This node, which is active while it answers, and the standbys that it has heard of. */
function nodesOf({ apiAddress, clusterAddress, raft }: NodeControls): readonly object[] {
  const own = { hostname: hostname(), apiAddress, clusterAddress, version: VERSION };
  const others = (raft?.storage.peers() ?? []).flatMap(({ id }) => raft?.echoes.of(id) ?? []);
  return [describeNode(own), ...others.map(({ echo, at }) => describeNode(echo, at))];
}

type NodeFacts = Pick<Echo, 'hostname' | 'apiAddress' | 'clusterAddress' | 'version'>;

const describeNode = (node: NodeFacts, lastEcho?: Millis): object => ({
  hostname: node.hostname,
  api_address: node.apiAddress,
  cluster_address: node.clusterAddress,
  active_node: lastEcho === undefined,
  last_echo: lastEcho === undefined ? null : formatTime(lastEcho),
  version: node.version,
  // Another edition lets operators set it; otherwise it is the version.
  upgrade_version: node.version,
});

/** There is none: so much is said to whoever asks. */
const replication = path('replication/status', {
  help: 'Returns replication status.',
  access: 'public',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read the state of replication',
      handler: () => reply({ mode: 'disabled' }),
    },
  },
});

const inFlight = path('in-flight-req', {
  help: 'Reports the requests that are in flight.',
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read the requests that run at this moment',
      handler: ({ engine: { services } }) => {
        const body = `${JSON.stringify(services.node.inFlight.all())}\n`;
        return raw({ status: 200, contentType: 'application/json', body });
      },
    },
  },
});

export const statusPaths = [hostInfo, versionHistory, haStatus, replication, inFlight];
