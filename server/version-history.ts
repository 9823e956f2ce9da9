// Which versions have run on a storage, and since when.
import { formatTime, type Clock } from '#sdk/clock.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { Transaction } from '#storage/transaction.ts';
import { BUILD_DATE, VERSION } from './version.ts';

const VERSIONS_KEY = 'core/versions';

/** Under the names of the wire. */
export interface InstalledVersion {
  readonly version: string;
  readonly previous_version: string | null;
  readonly timestamp_installed: string;
  readonly build_date: string;
}

interface VersionsRecord {
  readonly versions: readonly InstalledVersion[];
}

/** The oldest first. */
export function readVersions(transaction: Transaction): readonly InstalledVersion[] {
  return transaction.get<VersionsRecord>(VERSIONS_KEY)?.versions ?? [];
}

/** Remembers the version that runs now, if it is new to the storage. */
export async function rememberVersion(barrier: Barrier, clock: Clock): Promise<void> {
  const transaction = barrier.begin();
  const versions = readVersions(transaction);
  const last = versions.at(-1)?.version;
  if (last === VERSION) return;
  const installed: InstalledVersion = {
    version: VERSION,
    previous_version: last ?? null,
    timestamp_installed: formatTime(clock.now()),
    build_date: BUILD_DATE,
  };
  transaction.put(VERSIONS_KEY, { versions: [...versions, installed] } satisfies VersionsRecord);
  await transaction.commit();
}
