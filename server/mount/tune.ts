// A mount is changed in place: its settings, its description, its options.
import { badRequest } from '#sdk/errors.ts';
import type { Clock } from '#sdk/clock.ts';
import type { Transaction } from '#storage/transaction.ts';
import { viewOf } from '#storage/view.ts';
import type { MountConfig, MountEntry } from './entry.ts';
import { isUntunable } from './protected.ts';
import { changeSettings, type SentSettings } from './settings.ts';
import { storagePrefix, type MountTable } from './table.ts';

export interface TuneRequest {
  /** From the root, with a slash at the end. */
  readonly path: string;
  readonly settings: SentSettings;
  readonly description: string | undefined;
  readonly options: Readonly<Record<string, string>> | undefined;
  readonly pluginVersion: string | undefined;
}

interface Surroundings {
  readonly mounts: MountTable;
  readonly transaction: Transaction;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

/** @throws ClientError 400 for what the mount cannot be set to */
export function tuneMount(around: Surroundings, request: TuneRequest): void {
  const { mounts, transaction } = around;
  const { path } = request;
  if (isUntunable(path)) throw badRequest(`cannot tune "${path}"`);
  const entries = mounts.entries(transaction);
  const entry = entries.find((one) => one.path === path);
  if (entry === undefined) throw badRequest(`tune of path "${path}" failed: no mount entry found`);
  if ((request.pluginVersion ?? '') !== '') {
    throw badRequest('the version of a builtin plugin cannot be chosen');
  }
  const config = changeSettings(entry, request.settings);
  checkLimits(config);
  const options = request.options === undefined ? {} : request.options;
  const changed: MountEntry = {
    ...entry,
    config,
    description: request.description ?? entry.description,
    options: changeOptions(entry.options, options),
  };
  if (request.options !== undefined) adopt(around, entry, changed);
  mounts.put(
    transaction,
    entries.map((one) => (one === entry ? changed : one)),
  );
}

function checkLimits({ default_lease_ttl: standard, max_lease_ttl: max }: MountConfig): void {
  if (standard === 0 || max === 0 || max >= standard) return;
  throw badRequest(
    `backend max lease TTL of ${max} would be less than backend default lease TTL of ${standard}`,
  );
}

/** An option without a value is removed. */
function changeOptions(
  before: MountEntry['options'],
  sent: MountEntry['options'],
): MountEntry['options'] {
  const version = sent['version'];
  if (version !== undefined && version !== '1' && version !== '2') {
    throw badRequest(`invalid version provided: ${version}`);
  }
  const all = Object.entries({ ...before, ...sent });
  return Object.fromEntries(all.filter(([, value]) => value !== ''));
}

/** The engine of the new options takes over what is there. */
function adopt(
  { mounts, transaction, clock, warn }: Surroundings,
  before: MountEntry,
  after: MountEntry,
): void {
  mounts.findEngine(after)?.adopt?.({
    storage: viewOf(transaction, storagePrefix(after)),
    clock,
    options: after.options,
    previousOptions: before.options,
    warn,
  });
}
