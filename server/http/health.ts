// Health, as load balancers ask for it: the state of the node as a status code that the asker may choose.
import { ClientError } from '#sdk/errors.ts';
import type { Listener } from '../config/listener.ts';
import type { Node } from '../node.ts';
import { clusterFactsOf } from '../node-status.ts';
import { VERSION } from '../version.ts';
import { isTrue } from './parse.ts';
import { renderPlain, type Rendered } from './render.ts';

/** Vault's codes, and the query parameters that exchange them. */
const CODES = {
  activecode: 200,
  standbycode: 429,
  drsecondarycode: 472,
  performancestandbycode: 473,
  sealedcode: 503,
  uninitcode: 501,
  haunhealthycode: 474,
  removedcode: 530,
} as const;

type CodeName = keyof typeof CODES;

export function healthOf(node: Node, listener: Listener, query: URLSearchParams): Rendered {
  const codes = readCodes(query);
  const flags = readFlags(query);
  const name = stateOf(node);
  const counted = name === 'standbycode' && flags.has('standbyok') ? 'activecode' : name;
  return renderPlain(codes.get(counted) ?? CODES[counted], body(node, name, listener));
}

function stateOf(node: Node): CodeName {
  if (node.cluster?.status().role.type === 'removed') return 'removedcode';
  if (!node.isInitialised) return 'uninitcode';
  if (node.unsealed() === undefined) return 'sealedcode';
  return node.activeSince === undefined ? 'standbycode' : 'activecode';
}

/** The flags that are set. A flag without a value has no effect; there are no standbys of the other kind. */
function readFlags(query: URLSearchParams): ReadonlySet<string> {
  const given = ['standbyok', 'perfstandbyok'].filter((flag) => {
    const value = query.get(flag);
    return value !== null && value !== '' && isTrue(value);
  });
  return new Set(given);
}

function readCodes(query: URLSearchParams): ReadonlyMap<CodeName, number> {
  const given = new Map<CodeName, number>();
  for (const name of Object.keys(CODES) as CodeName[]) {
    const text = query.get(name);
    if (text === null || text === '') continue;
    const code = Number(text);
    // Node cannot send a status outside of this range.
    if (!Number.isInteger(code) || code < 200 || code > 599) throw new ClientError(400, []);
    given.set(name, code);
  }
  return given;
}

function body(node: Node, state: CodeName, listener: Listener): Readonly<Record<string, unknown>> {
  const isActive = state === 'activecode';
  const replication = isActive ? 'disabled' : 'unknown';
  return {
    initialized: node.isInitialised,
    sealed: node.unsealed() === undefined,
    standby: !isActive,
    performance_standby: false,
    replication_performance_mode: replication,
    replication_dr_mode: replication,
    server_time_utc: Math.floor(node.clock.now() / 1000),
    version: listener.redact_version ? '' : VERSION,
    enterprise: false,
    ...clusterFactsOf(node, listener),
    ...(state === 'removedcode' ? { removed_from_cluster: true } : {}),
    echo_duration_ms: 0,
    clock_skew_ms: 0,
    replication_primary_canary_age_ms: 0,
  };
}
