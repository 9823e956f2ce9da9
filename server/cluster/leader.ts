// A node that may know of a cluster to join, as an operator names it: where its API is, and whom to take for it.
import { readFileSync } from 'node:fs';
import { badRequest, ClientError } from '#sdk/errors.ts';
import type { RetryJoin } from '../config/storage.ts';

export interface Leader {
  readonly apiAddress: string;
  /** The name in its certificate, where that is not the one of the address. */
  readonly serverName: string;
  /** PEM; empty for the authorities that the system trusts. */
  readonly ca: string;
  /** PEM; empty where the leader asks for no certificate. */
  readonly cert: string;
  readonly key: string;
}

export interface JoinRequest {
  readonly leader: Leader;
  /** Whether to go on asking in the background. */
  readonly retry: boolean;
  readonly nonVoter: boolean;
}

type Parameters = Readonly<Record<string, unknown>>;

/**
 * What `sys/storage/raft/join` takes.
 *
 * @throws ClientError 400 for a value of the wrong type, 500 (as in Vault) for no leader
 */
export function joinRequest(parameters: Parameters): JoinRequest {
  if (textOf(parameters, 'auto_join') !== '') {
    throw joinFailed('auto_join is not supported, leaders are named by leader_api_addr');
  }
  const leader = {
    apiAddress: textOf(parameters, 'leader_api_addr'),
    serverName: textOf(parameters, 'leader_tls_servername'),
    ca: textOf(parameters, 'leader_ca_cert'),
    cert: textOf(parameters, 'leader_client_cert'),
    key: textOf(parameters, 'leader_client_key'),
  };
  const request = {
    leader,
    retry: flagOf(parameters, 'retry'),
    nonVoter: flagOf(parameters, 'non_voter'),
  };
  if (!isAddress(leader.apiAddress)) {
    throw joinFailed(leader.apiAddress === '' ? 'no leader API address given' : NO_URL);
  }
  return request;
}

/**
 * A leader of the configuration. Files are read each time: they may come late, and be renewed.
 *
 * @throws Error of node:fs
 */
export function configuredLeader(join: RetryJoin): Leader {
  return {
    apiAddress: join.leader_api_addr,
    serverName: join.leader_tls_servername,
    ca: textOrFile(join.leader_ca_cert, join.leader_ca_cert_file),
    cert: textOrFile(join.leader_client_cert, join.leader_client_cert_file),
    key: textOrFile(join.leader_client_key, join.leader_client_key_file),
  };
}

const textOrFile = (text: string, file: string): string =>
  text === '' && file !== '' ? readFileSync(file, 'utf8') : text;

/** In the words of Vault, which begin all the same. */
export const joinFailed = (reason: string): ClientError =>
  new ClientError(500, `failed to join raft cluster: ${reason}`);

const NO_URL = 'the leader API address is no URL';

export function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function textOf(parameters: Parameters, name: string): string {
  const value = parameters[name] ?? '';
  if (typeof value !== 'string') throw wrongType(name);
  return value;
}

function flagOf(parameters: Parameters, name: string): boolean {
  const value = parameters[name] ?? false;
  if (typeof value !== 'boolean') throw wrongType(name);
  return value;
}

const wrongType = (name: string): ClientError =>
  badRequest(`failed to parse JSON input: the field ${name} has the wrong type`);
