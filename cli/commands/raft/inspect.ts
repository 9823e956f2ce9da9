// `vault operator raft snapshot inspect`: what a snapshot file says about itself.
import { gunzipSync } from 'node:zlib';
import { parseJson } from '#sdk/json.ts';
import { type JsonObject, object } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { messageOf, usageFailure } from '../../failure.ts';
import { show } from '../../format/go.ts';
import { printData } from '../../format/output.ts';
import { columns } from '../../format/table.ts';
import { onlyArgument } from '../../input/arguments.ts';
import { readBytes } from '../../input/files.ts';

const BLOCK = 512;
/** What is unpacked at most: the description stands in front, the state may be as large as it likes. */
const UNPACKED_MAX = 2 ** 31 - 1;

export const raftSnapshotInspect = defineCommand({
  usage: 'operator raft snapshot inspect <snapshot_file>',
  about: 'Inspects a snapshot file.\n\n      $ vault operator raft snapshot inspect raft.snap',
  shared: ['format'],
  run: async ({ args, ui }) => {
    const file = onlyArgument(args);
    const meta = readMeta(file);
    if (ui.format !== 'table') return printData(ui, meta);
    const fields = ['ID', 'Size', 'Index', 'Term', 'Version'];
    ui.output(
      columns(fields.filter((name) => name in meta).map((name) => [name, show(meta[name])])),
    );
    return 0;
  },
});

function readMeta(file: string): JsonObject {
  try {
    const archive = gunzipSync(readBytes(file), { maxOutputLength: UNPACKED_MAX });
    const text = findInTar(archive, 'meta.json');
    const meta = text === undefined ? undefined : object(parseJson(text));
    if (meta === undefined) throw new Error('failed to find meta.json');
    return meta;
  } catch (error) {
    throw usageFailure(`Error reading snapshot: ${messageOf(error)}`);
  }
}

/** The content of a file in a tar archive: blocks of 512 bytes, a header before each file. */
function findInTar(archive: Buffer, wanted: string): string | undefined {
  for (let at = 0; at + BLOCK <= archive.length;) {
    const name = field(archive, at, 100);
    const size = Number.parseInt(field(archive, at + 124, 12), 8);
    if (name === '' || Number.isNaN(size)) return undefined;
    const start = at + BLOCK;
    if (name === wanted) return archive.subarray(start, start + size).toString();
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}

const field = (archive: Buffer, at: number, length: number): string =>
  archive
    .subarray(at, at + length)
    .toString('latin1')
    .replace(/\0.*$/s, '')
    .trim();
