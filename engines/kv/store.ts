// How versioned secrets are kept: one record with all that is known about the versions of a secret, and one record for
// the value of each version. Reading the newest touches two records, however many versions there are.
import { formatTime, millis, type Millis } from '#sdk/clock.ts';
import { seconds, type Seconds } from '#sdk/duration.ts';
import { sortKeys } from '#sdk/json.ts';
import { isKey, isPrefix, type Storage } from '#sdk/storage.ts';

type Json = Readonly<Record<string, unknown>>;

/** What both a mount and a secret can say about versions, under its wire names. */
export interface Settings {
  /** 0: nothing is said. */
  readonly max_versions: number;
  readonly cas_required: boolean;
  /** 0: nothing is said; below 0, on a mount: never, whatever the secret says. */
  readonly delete_version_after: Seconds;
}

export interface Version {
  readonly created: Millis;
  /** When its value stopped, or will stop, to be shown; absent when it was never deleted. */
  readonly deletion?: Millis;
  /** Its value is gone for good. */
  readonly destroyed?: true;
}

export interface Secret extends Settings {
  readonly created: Millis;
  readonly updated: Millis;
  /** The number of the newest version, 0 before the first. */
  readonly current: number;
  /** The number below which versions have been removed, 0 before any could have been. */
  readonly oldest: number;
  /** Without gaps, the newest last. */
  readonly versions: readonly Version[];
  readonly custom_metadata: Readonly<Record<string, string>> | null;
}

/** How many versions are kept where neither mount nor secret says so. */
const DEFAULT_MAX_VERSIONS = 10;

export const NO_SETTINGS: Settings = {
  max_versions: 0,
  cas_required: false,
  delete_version_after: seconds(0),
};

const CONFIG = 'config';
const METADATA = 'metadata/';
const VERSIONS = 'versions/';

export function readConfig(storage: Storage): Settings {
  return storage.get<Settings>(CONFIG) ?? NO_SETTINGS;
}

export function writeConfig(storage: Storage, config: Settings): void {
  storage.put(CONFIG, config);
}

export function readSecret(storage: Storage, path: string): Secret | undefined {
  return isKey(path) ? storage.get<Secret>(METADATA + path) : undefined;
}

export function writeSecret(storage: Storage, path: string, secret: Secret): void {
  storage.put(METADATA + path, secret);
}

/** The names directly below `folder`, which is '' or ends in a slash. */
export function listSecrets(storage: Storage, folder: string): readonly string[] {
  return isPrefix(folder) ? storage.list(METADATA + folder) : [];
}

/** A secret without versions. */
export function newSecret(now: Millis): Secret {
  return {
    ...NO_SETTINGS,
    created: now,
    updated: now,
    current: 0,
    oldest: 0,
    versions: [],
    custom_metadata: null,
  };
}

/** Removes a secret with all its versions. */
export function removeSecret(storage: Storage, path: string, secret: Secret): void {
  for (const number of versionNumbers(secret)) removeValue(storage, path, number);
  storage.delete(METADATA + path);
}

export function readValue(storage: Storage, path: string, number: number): Json | null {
  return storage.get<{ readonly data: Json | null }>(valueKey(path, number))?.data ?? null;
}

export function removeValue(storage: Storage, path: string, number: number): void {
  storage.delete(valueKey(path, number));
}

/** Puts `data` as the next version and removes those beyond the number that is kept. */
export function addVersion(
  storage: Storage,
  path: string,
  secret: Secret,
  {
    data,
    config,
    now,
  }: { readonly data: Json | null; readonly config: Settings; readonly now: Millis },
): Secret {
  const current = secret.current + 1;
  const version = { created: now, ...deletionRule(config, secret, now) };
  const next = { ...secret, updated: now, current, versions: [...secret.versions, version] };
  const kept = prune(next, Math.max(secret.max_versions, config.max_versions));
  const removed = next.versions.length - kept.versions.length;
  for (const number of versionNumbers(next).slice(0, removed)) removeValue(storage, path, number);
  storage.put(valueKey(path, current), { data: sortKeys(data) });
  writeSecret(storage, path, kept);
  return kept;
}

/** The same secret with each version of `numbers` that it has put through `change`. */
export function changeVersions(
  secret: Secret,
  numbers: ReadonlySet<number>,
  change: (version: Version) => Version,
): Secret {
  const first = firstNumber(secret);
  const versions = secret.versions.map((version, index) =>
    numbers.has(first + index) ? change(version) : version,
  );
  return { ...secret, versions };
}

/** The numbers of all versions that are still known, the oldest first. */
export function versionNumbers(secret: Secret): readonly number[] {
  const first = firstNumber(secret);
  return secret.versions.map((_, index) => first + index);
}

export function versionOf(secret: Secret, number: number): Version | undefined {
  return secret.versions[number - firstNumber(secret)];
}

/** When a version that begins now will be deleted by the rules of its mount and its secret. */
export function deletionRule(
  config: Settings,
  secret: Settings,
  now: Millis,
): { readonly deletion?: Millis } {
  if (config.delete_version_after < 0) return {};
  const spans = [config.delete_version_after, secret.delete_version_after].filter(
    (span) => span > 0,
  );
  return spans.length === 0 ? {} : { deletion: millis(now + Math.min(...spans) * 1000) };
}

/** Whether the value of a version is not to be shown (any more). */
export function isGone({ deletion, destroyed }: Version, now: Millis): boolean {
  return destroyed === true || (deletion !== undefined && deletion <= now);
}

/** What clients see of a version besides its value. */
export function versionTimes({ created, deletion, destroyed }: Version): Json {
  return {
    created_time: formatTime(created),
    deletion_time: deletion === undefined ? '' : formatTime(deletion),
    destroyed: destroyed === true,
  };
}

/** The same with the number and what is said about the secret, as it stands beside a value. */
export function versionMetadata(secret: Secret, number: number, version: Version): Json {
  // In the order of names, as Vault prints them.
  const { created_time, ...others } = versionTimes(version);
  return { created_time, custom_metadata: secret.custom_metadata, ...others, version: number };
}

/** The number of versions to keep as it is kept: 32 bits without a sign, so that -1 means all. */
export function countVersions(sent: number | undefined): number | undefined {
  return sent === undefined ? undefined : sent >>> 0;
}

function valueKey(path: string, number: number): string {
  return `${VERSIONS}${path}/${number}`;
}

function firstNumber({ current, versions }: Secret): number {
  return current - versions.length + 1;
}

/** As Vault counts: the window moves once `max` versions are there, so `oldest` leaves 0 before anything is removed. */
function prune(secret: Secret, max: number): Secret {
  const window = max > 0 ? max : DEFAULT_MAX_VERSIONS;
  if (secret.current - secret.oldest < window) return secret;
  return {
    ...secret,
    oldest: secret.current - window + 1,
    versions: secret.versions.slice(-window),
  };
}
