// Entries and configurations to bytes and back: as they travel in messages, and as they lie in the log on disk.
import { CodecError, NUMBER_SIZE, textCapacity, type Reader, type Writer } from './bytes.ts';
import type {
  Configuration,
  Entry,
  Index,
  NodeId,
  Server,
  SnapshotMeta,
  Suffrage,
  Term,
} from './types.ts';

/** Whoever makes entries keeps them far smaller; this is what a length is believed at most. */
export const MAX_DATA_BYTES = 2 ** 26;

/** A cluster has a handful. */
export const MAX_SERVERS = 256;

/** A kind is its place in this list: only ever add at the end. */
const KINDS = ['noop', 'data', 'configuration'] as const satisfies readonly Entry['type'][];
const SUFFRAGES = ['voter', 'staging', 'nonvoter'] as const satisfies readonly Suffrage[];

/** At least as many bytes as an entry takes without its index. */
export function entryCapacity(entry: Entry): number {
  const fixed = 1 + 2 * NUMBER_SIZE;
  if (entry.type === 'data') return fixed + entry.data.length;
  if (entry.type === 'noop') return fixed;
  return fixed + configurationCapacity(entry.configuration);
}

export function configurationCapacity(configuration: Configuration): number {
  return configuration.reduce(
    (sum, { id, address }) => sum + textCapacity(id) + textCapacity(address) + 1,
    NUMBER_SIZE,
  );
}

export function writeEntryBody(writer: Writer, entry: Entry): void {
  writer.byte(KINDS.indexOf(entry.type));
  writer.number(entry.term);
  if (entry.type === 'data') writeData(writer, entry.data);
  else if (entry.type === 'configuration') writeConfiguration(writer, entry.configuration);
}

function writeData(writer: Writer, data: Uint8Array): void {
  if (data.length > MAX_DATA_BYTES) throw new CodecError('the data of an entry are too large');
  writer.number(data.length);
  writer.raw(data);
}

export function readEntryBody(reader: Reader, index: Index): Entry | undefined {
  const type = KINDS[reader.byte()];
  const term = reader.number() as Term;
  switch (type) {
    case 'noop':
      return { type, index, term };
    case 'data':
      return { type, index, term, data: readData(reader) };
    case 'configuration':
      return { type, index, term, configuration: readConfiguration(reader) };
    case undefined:
      break;
  }
  reader.fail();
  return undefined;
}

function readData(reader: Reader): Uint8Array {
  const length = reader.number();
  if (length > MAX_DATA_BYTES) reader.fail();
  return reader.raw(length);
}

export function writeConfiguration(writer: Writer, configuration: Configuration): void {
  if (configuration.length > MAX_SERVERS) throw new CodecError('too many servers');
  writer.number(configuration.length);
  for (const { id, address, suffrage } of configuration) {
    writer.text(id);
    writer.text(address);
    writer.byte(SUFFRAGES.indexOf(suffrage));
  }
}

export function readConfiguration(reader: Reader): Configuration {
  const count = reader.number();
  if (count > MAX_SERVERS) reader.fail();
  const servers: Server[] = [];
  for (let place = 0; place < count && !reader.isFaulty; place += 1) {
    const id = reader.text() as NodeId;
    const address = reader.text();
    const suffrage = SUFFRAGES[reader.byte()];
    const isTwice = servers.some((server) => server.id === id);
    if (suffrage === undefined || isTwice || id === '') reader.fail();
    else servers.push({ id, address, suffrage });
  }
  return servers;
}

export function snapshotMetaCapacity({ configuration }: SnapshotMeta): number {
  return 3 * NUMBER_SIZE + configurationCapacity(configuration);
}

export function writeSnapshotMeta(writer: Writer, snapshot: SnapshotMeta): void {
  writer.number(snapshot.index);
  writer.number(snapshot.term);
  writer.number(snapshot.configurationIndex);
  writeConfiguration(writer, snapshot.configuration);
}

export function readSnapshotMeta(reader: Reader): SnapshotMeta {
  const index = reader.number() as Index;
  const term = reader.number() as Term;
  const configurationIndex = reader.number() as Index;
  if (configurationIndex > index) reader.fail();
  return { index, term, configuration: readConfiguration(reader), configurationIndex };
}
