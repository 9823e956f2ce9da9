// Where the nodes of a cluster run: on this machine's loopback, or each in a network of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freePorts } from '#test/conformance/kit/ports.ts';
import { NODES, type Place } from './cluster.ts';

export interface Places {
  readonly places: readonly Place[];
  remove(): Promise<void>;
}

/** Nodes on the loopback, their data in `folders`, or in a temporary one. */
export async function onLoopback(folders?: readonly string[]): Promise<Places> {
  const base = await mkdtemp(path.join(os.tmpdir(), 'faults-data-'));
  const ports = await freePorts(2 * NODES);
  const places = Array.from({ length: NODES }, (_, node) => ({
    host: '127.0.0.1',
    port: ports[node] ?? 0,
    clusterPort: ports[NODES + node] ?? 0,
    data: folders?.[node] ?? path.join(base, `node${node}`),
    before: [],
  }));
  return { places, remove: async () => rm(base, { recursive: true, force: true }) };
}
