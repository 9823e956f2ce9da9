// Results in the format that was asked for. A `Map` is a structure, whose fields have an order; an object is a map, printed sorted.
import type { Secret } from '../client/secret.ts';
import { Failure, usageFailure } from '../failure.ts';
import type { Ui } from '../ui.ts';
import { quote, show } from './go.ts';
import { formatJson } from './json.ts';
import { fieldOf, secretAsStructure, secretRows, warningsText } from './secret.ts';
import { mapRows } from './map.ts';
import { table } from './table.ts';

const EXIT_OK = 0;

/** A whole answer. */
export async function printSecret(ui: Ui, secret: Secret | undefined): Promise<number> {
  if (ui.format !== 'table') {
    return printData(ui, secret === undefined ? null : secretAsStructure(secret));
  }
  if (secret === undefined) return EXIT_OK;
  printWarnings(ui, secret);
  const rows = secretRows(secret);
  if (rows.length > 0) ui.output(table(['Key', 'Value'], rows));
  return EXIT_OK;
}

/** Warnings of the server, beside the result. */
export function printWarnings(ui: Ui, secret: Secret): void {
  if (secret.warnings.length > 0) ui.error(warningsText(secret.warnings));
}

/** A map, or anything in the formats for programs. */
export async function printData(ui: Ui, data: unknown): Promise<number> {
  if (ui.format === 'table') {
    const rows = mapRows(asMap(data));
    if (rows.length > 0) ui.output(table(['Key', 'Value'], rows));
    return EXIT_OK;
  }
  ui.output(await formatted(ui, data));
  return EXIT_OK;
}

/** The keys of a list. */
export async function printList(ui: Ui, secret: Secret): Promise<number> {
  const keys = secret.data?.['keys'];
  if (ui.format !== 'table') {
    return printData(ui, ui.isDetailed ? secretAsStructure(secret) : keys);
  }
  printWarnings(ui, secret);
  const names = (Array.isArray(keys) ? keys : []).map(String).toSorted();
  if (names.length === 0) return EXIT_OK;
  const info = ui.isDetailed ? secret.data?.['key_info'] : undefined;
  ui.output(
    info
      ? detailedList(names, info)
      : table(
          ['Keys'],
          names.map((name) => [name]),
        ),
  );
  return EXIT_OK;
}

/** One field of an answer or of a map, for a program to take as it is. */
export async function printField(
  ui: Ui,
  source: Secret | Readonly<Record<string, unknown>>,
  field: string,
): Promise<number> {
  const value = 'requestId' in source ? fieldOf(source as Secret, field) : ownField(source, field);
  if (value === undefined || value === null) {
    throw usageFailure(`Field ${quote(field)} not present in secret`);
  }
  const isText = ui.format === 'table' || ui.format === 'raw';
  ui.raw(isText ? show(value) : await formatted(ui, value));
  return EXIT_OK;
}

/** A table shows structures and maps alike. */
const asMap = (data: unknown): object => {
  if (data instanceof Map) return Object.fromEntries(data as Map<string, unknown>);
  return typeof data === 'object' && data !== null ? data : {};
};

const ownField = (map: object, field: string): unknown =>
  Object.hasOwn(map, field) ? (map as Readonly<Record<string, unknown>>)[field] : undefined;

/** YAML is rarely asked for: its printer is loaded when it is. */
async function formatted(ui: Ui, data: unknown): Promise<string> {
  switch (ui.format) {
    case 'json':
      return formatJson(data);
    case 'yaml':
    case 'yml': {
      const { formatYaml } = await import('./yaml.ts');
      return formatYaml(data);
    }
    case 'pretty':
    case 'raw':
    case 'table':
      throw new Failure(
        1,
        `Could not parse output: cannot use the ${ui.format} formatter for this type`,
      );
  }
}

/** The names, and for each what the server told about it. */
function detailedList(names: readonly string[], info: unknown): string {
  const infoOf = (name: string): Readonly<Record<string, unknown>> => {
    const known = typeof info === 'object' && info !== null ? ownField(info, name) : undefined;
    return typeof known === 'object' && known !== null ? { ...known } : {};
  };
  const columns = [...new Set(names.flatMap((name) => Object.keys(infoOf(name))))].toSorted();
  const rows = names.map((name) => {
    const known = infoOf(name);
    return [
      name,
      ...columns.map((column) => (Object.hasOwn(known, column) ? show(known[column]) : '')),
    ];
  });
  return table(['Keys', ...columns], rows);
}
