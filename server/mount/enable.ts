// A new mount: what was asked for becomes a line of the table, if nothing stands in its way.
import { badRequest } from '#sdk/errors.ts';
import { decodeData } from '#sdk/path.ts';
import type { Transaction } from '#storage/transaction.ts';
import type { MountConfig, MountEntry } from './entry.ts';
import { makeEntry } from './make-entry.ts';
import { isProtected } from './protected.ts';
import { changeSettings, configFields, type SentSettings } from './settings.ts';
import type { LeaseLimits, MountTable } from './table.ts';

export interface EnableRequest extends Pick<
  MountEntry,
  'kind' | 'description' | 'local' | 'sealWrap' | 'externalEntropyAccess' | 'options'
> {
  /** As it was asked: below auth/ for an auth method, with or without a slash at the end. */
  readonly path: string;
  readonly type: string;
  readonly pluginName: string;
  readonly pluginVersion: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** There is one of each, and it is always there. */
const SINGLETONS = new Set(['system', 'identity', 'cubbyhole']);

/** @throws ClientError 400 for what cannot be mounted, or not there */
export function enableMount(
  mounts: MountTable,
  transaction: Transaction,
  request: EnableRequest,
): void {
  const { kind } = request;
  if (request.type === '') throw badRequest('backend type must be specified as a string');
  // Every declared field has its own decoder, so the values are of the types that it names.
  const sent = decodeData({ fields: configFields, isFree: true }, 'read', {}, request.config)
    .data as SentSettings;
  const { type, options } = resolveType(request, sent.plugin_name ?? '');
  const config = changeSettings({ kind, type, config: EMPTY }, withoutForeign(kind, sent));
  checkLimits(config, mounts.limits);
  const path = fullPath(kind, request.path);
  checkPath(kind, path, type);
  const entries = mounts.entries(transaction);
  checkFree(kind, path, entries);
  if (mounts.findEngine({ kind, type, options }) === undefined) {
    throw badRequest(`plugin not found in the catalog: ${type}`);
  }
  checkVersion(type, options);
  if (request.pluginVersion !== '') {
    throw badRequest(
      `no matching version found for plugin ${type} with version ${request.pluginVersion}`,
    );
  }
  const { description, local, sealWrap, externalEntropyAccess } = request;
  const shared = { description, local, sealWrap, externalEntropyAccess };
  mounts.put(transaction, [
    ...entries,
    makeEntry({ ...shared, kind, path, type, options, config }),
  ]);
}

/** The path from the root, with one slash at its end. */
export function fullPath(kind: MountEntry['kind'], path: string): string {
  const bare = withoutSlashes(path);
  return kind === 'auth' ? `auth/${bare}/` : `${bare}/`;
}

/** Without those around it. A regular expression would try each of many slashes as the first of those at the end. */
function withoutSlashes(path: string): string {
  let [start, end] = [0, path.length];
  while (path[start] === '/') start += 1;
  while (end > start && path[end - 1] === '/') end -= 1;
  return path.slice(start, end);
}

const EMPTY = makeEntry({ kind: 'secret', path: '', type: '' }).config satisfies MountConfig;

/** What only auth methods have does not matter to a secrets engine that is new. */
function withoutForeign(kind: MountEntry['kind'], sent: SentSettings): SentSettings {
  if (kind === 'auth') return sent;
  const { token_type: _type, user_lockout_config: _lockout, ...rest } = sent;
  return rest;
}

/** Old names of types, and the old way to name a plugin. */
function resolveType(
  { type: asked, pluginName, options }: EnableRequest,
  configured: string,
): Pick<MountEntry, 'type' | 'options'> {
  const type = asked === 'plugin' ? configured || pluginName : asked;
  if (type === '') throw badRequest('plugin_name must be provided for plugin backend');
  if (type === 'kv-v1') return { type: 'kv', options: { ...options, version: '1' } };
  if (type === 'kv-v2') return { type: 'kv', options: { ...options, version: '2' } };
  return { type, options };
}

function checkVersion(type: string, { version = '1' }: MountEntry['options']): void {
  if (type === 'kv' && version !== '1' && version !== '2') {
    throw badRequest(`invalid version provided: ${version}`);
  }
}

function checkLimits(
  { default_lease_ttl: standard, max_lease_ttl: max }: MountConfig,
  limits: LeaseLimits,
): void {
  if (max !== 0 && standard > max) {
    throw badRequest('given default lease TTL greater than given max lease TTL');
  }
  if (max === 0 && standard > limits.maxLeaseTtl) {
    throw badRequest(
      `given default lease TTL greater than system max lease TTL of ${limits.maxLeaseTtl}`,
    );
  }
}

function checkPath(kind: MountEntry['kind'], path: string, type: string): void {
  if (kind === 'auth') {
    if (type === 'token') throw badRequest('token credential backend cannot be instantiated');
    return;
  }
  if (isProtected(path)) throw badRequest(`cannot mount "${path}"`);
  if (SINGLETONS.has(type)) throw badRequest(`mount type of "${type}" is not mountable`);
}

/** No mount lies below another. */
function checkFree(kind: MountEntry['kind'], path: string, entries: readonly MountEntry[]): void {
  const taken = conflictOf(path, entries);
  if (taken === undefined) return;
  const shown = kind === 'auth' ? taken.path.slice('auth/'.length) : taken.path;
  throw badRequest(`path is already in use at ${shown}`);
}

/** The mount that is above, at or below a path. */
export function conflictOf(path: string, entries: readonly MountEntry[]): MountEntry | undefined {
  return entries.find((entry) => entry.path.startsWith(path) || path.startsWith(entry.path));
}
