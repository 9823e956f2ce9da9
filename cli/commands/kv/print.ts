// How `vault kv` shows what it read or wrote.
import { object, type JsonObject, type Secret } from '../../client/secret.ts';
import { printData, printField, printSecret } from '../../format/output.ts';
import { title, titleOfMap } from '../../format/table.ts';
import type { Ui } from '../../ui.ts';

/** The path under a title of its own. */
export function printPath(ui: Ui, path: string, name: string): void {
  ui.output(`${title(name, Buffer.byteLength(path))}\n${path}\n`);
}

/** A map under a title. */
export async function printTitled(ui: Ui, name: string, map: JsonObject): Promise<number> {
  ui.output(titleOfMap(name, map));
  return printData(ui, map);
}

export interface Written {
  readonly secret: Secret | undefined;
  readonly path: string;
  readonly field: string;
}

/** What a write of version 2 answers: the metadata of the new version; version 1 answers nothing. */
export async function printWritten(ui: Ui, { secret, path, field }: Written): Promise<number> {
  if (secret === undefined) return printSuccess(ui, `Data written to: ${path}`);
  if (field !== '') return printField(ui, secret, field);
  if (secret.wrapInfo !== undefined || ui.format !== 'table') return printSecret(ui, secret);
  printPath(ui, path, 'Secret Path');
  return printTitled(ui, 'Metadata', secret.data ?? {});
}

/** A program that asked for JSON is not told what the exit code says already. */
export function printSuccess(ui: Ui, message: string): number {
  if (ui.format === 'table') ui.output(`Success! ${message}`);
  return 0;
}

/** The data of a version, or nothing where it was deleted. */
export const dataOf = (secret: Secret): JsonObject | undefined => object(secret.data?.['data']);
export const metadataOf = (secret: Secret): JsonObject | undefined =>
  object(secret.data?.['metadata']);
