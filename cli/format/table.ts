// Tables of text: columns four blanks apart, a row of dashes below the header, n/a where a cell is empty.

const GAP = '    ';
const EMPTY = 'n/a';

/** Columns below a header that is underlined. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const dashes = header.map((name) => '-'.repeat(name.length));
  return columns([header, dashes, ...rows]);
}

/** Columns without a header. */
export function columns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.trim() || EMPTY));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, width(cell));
    }
  }
  return cells.map((row) => row.map((cell, index) => pad(cell, index, row)).join(GAP)).join('\n');

  function pad(cell: string, index: number, row: readonly string[]): string {
    if (index === row.length - 1) return cell;
    return cell + ' '.repeat((widths[index] ?? 0) - width(cell));
  }
}

/** A title between equals signs, about as wide as what follows it: `== Data ==`. */
export function title(text: string, bodyWidth: number): string {
  const wanted = bodyWidth - (text.length + 2);
  const signs = '='.repeat(wanted <= 0 ? 2 : Math.ceil(wanted / 2));
  return `${signs} ${text} ${signs}`;
}

/** The title of a table of keys and values. */
export function titleOfMap(text: string, map: object): string {
  const keys = Object.keys(map).map((key) => Buffer.byteLength(key));
  return title(text, Math.max(0, ...keys) + GAP.length + 'Value'.length);
}

/** Characters, not UTF-16 units. */
const width = (cell: string): number => Array.from(cell).length;
