// `vault operator raft snapshot inspect`: what a snapshot file says about itself.
import { parseJson } from '#sdk/json.ts';
import { type JsonObject, object } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { messageOf, usageFailure } from '../../failure.ts';
import { show } from '../../format/go.ts';
import { printData } from '../../format/output.ts';
import { columns } from '../../format/table.ts';
import { onlyArgument } from '../../input/arguments.ts';
import { readArchiveFile } from './archive-file.ts';

export const raftSnapshotInspect = defineCommand({
  usage: 'operator raft snapshot inspect <snapshot_file>',
  about: 'Inspects a snapshot file.\n\n      $ vault operator raft snapshot inspect raft.snap',
  shared: ['format'],
  run: async ({ args, ui }) => {
    const file = onlyArgument(args);
    const meta = await readMeta(file);
    if (ui.format !== 'table') return printData(ui, meta);
    const fields = ['ID', 'Size', 'Index', 'Term', 'Version'];
    ui.output(
      columns(fields.filter((name) => name in meta).map((name) => [name, show(meta[name])])),
    );
    return 0;
  },
});

async function readMeta(file: string): Promise<JsonObject> {
  try {
    const { description } = await readArchiveFile(file);
    const meta = description === undefined ? undefined : object(parseJson(description));
    if (meta === undefined) throw new Error('failed to find meta.json');
    return meta;
  } catch (error) {
    throw usageFailure(`Error reading snapshot: ${messageOf(error)}`);
  }
}
