// meta.json of an archive: which state it is. The fields that tools read are those of HashiCorp's; `Format` says how the
// state itself is written, which is nobody else's.
import { isJsonObject, parseJson } from '#sdk/json.ts';
import type { Server } from '#raft/types.ts';
import type { SavedState } from '#storage/cluster-storage.ts';
import { ArchiveError } from './error.ts';

const VERSION = 1;
const FORMAT = 'coffer.1';
const SUFFRAGES: Readonly<Record<Server['suffrage'], number>> = {
  voter: 0,
  nonvoter: 1,
  staging: 2,
};

export interface ArchiveMeta {
  readonly id: string;
  readonly index: number;
  readonly term: number;
  readonly size: number;
}

type StatePlace = Pick<SavedState, 'index' | 'term' | 'configuration' | 'configurationIndex'>;

export function metaText(place: StatePlace, size: number): string {
  const { index, term, configuration, configurationIndex } = place;
  return JSON.stringify({
    Version: VERSION,
    ID: `coffer-${term}-${index}`,
    Index: index,
    Term: term,
    Peers: null,
    Configuration: {
      Servers: configuration.map(({ id, address, suffrage }) => ({
        Suffrage: SUFFRAGES[suffrage],
        ID: id,
        Address: address,
      })),
    },
    ConfigurationIndex: configurationIndex,
    Size: size,
    Format: FORMAT,
  });
}

/** @throws ArchiveError for what this version of the program cannot restore */
export function parseMeta(bytes: Buffer): ArchiveMeta {
  const meta = parseObject(bytes);
  if (meta['Version'] !== VERSION) {
    throw new ArchiveError('the snapshot has a version that is not supported');
  }
  if (meta['Format'] !== FORMAT) {
    throw new ArchiveError('the snapshot was made by another kind of server, or an older one');
  }
  const { ID: id } = meta;
  const [index, term, size] = ['Index', 'Term', 'Size'].map((name) => Number(meta[name]));
  const counts = [index, term, size];
  if (typeof id !== 'string' || !counts.every((count) => Number.isSafeInteger(count))) {
    throw new ArchiveError('meta.json of the snapshot is damaged');
  }
  return { id, index: index ?? 0, term: term ?? 0, size: size ?? 0 };
}

function parseObject(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(bytes.toString());
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new ArchiveError('meta.json of the snapshot is damaged');
}
