// Addresses and blocks of addresses: parsed once from bounded text, compared as bytes. An IPv4 address that is written
// as an IPv6 one (`::ffff:10.0.0.1`) is the IPv4 address, so that no spelling steps around a block.

/** A block of addresses; a single address is the block of itself. */
export interface AddressBlock {
  /** 4 or 16 bytes, network byte order, as they were written: bits beyond the prefix may be set. */
  readonly bytes: readonly number[];
  /** How many leading bits must agree. */
  readonly prefix: number;
}

/** The longest text of a block: eight groups with a dotted end and `/128`, and some slack. */
const MAX_LENGTH = 64;
const IPV4_BYTES = 4;
const IPV6_BYTES = 16;
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const MAPPED_BITS = MAPPED_PREFIX.length * 8;

const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const GROUP = /^[\da-f]{1,4}$/i;

/** The block that `text` names (`10.0.0.0/8`, `::1`), or `undefined` when it names none. */
export function parseBlock(text: string): AddressBlock | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [host = '', length, ...more] = text.split('/');
  const bytes = parseBytes(host);
  if (bytes === undefined || more.length > 0) return undefined;
  const most = bytes.length * 8;
  if (length === undefined) return unmapped({ bytes, prefix: most });
  if (!OCTET.test(length) || Number(length) > most) return undefined;
  return unmapped({ bytes, prefix: Number(length) });
}

/** The form in which Vault shows a block: without a prefix that says nothing. */
export function formatBlock({ bytes, prefix }: AddressBlock): string {
  const host = bytes.length === IPV4_BYTES ? bytes.join('.') : formatIpv6(bytes);
  return prefix === bytes.length * 8 ? host : `${host}/${prefix}`;
}

/** Whether the text of an address lies in a block. What is no address lies in none; a zone (`%eth0`) is left aside. */
export function blockContains(block: AddressBlock, address: string): boolean {
  const single = parseBlock(address.replace(/%.*$/s, ''));
  if (single === undefined || single.prefix !== single.bytes.length * 8) return false;
  return agree(block, single.bytes);
}

/** Whether an address lies in one of the blocks, which are given as text. Without blocks it lies in none. */
export function isWithinAny(address: string, blocks: readonly string[]): boolean {
  return blocks.some((text) => {
    const block = parseBlock(text);
    return block !== undefined && blockContains(block, address);
  });
}

function agree({ bytes, prefix }: AddressBlock, other: readonly number[]): boolean {
  if (bytes.length !== other.length) return false;
  return bytes.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefix - index * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((other[index] ?? 0) & mask);
  });
}

/** A block within the IPv4-mapped addresses is the IPv4 block; a wider one stays what it is. */
function unmapped({ bytes, prefix }: AddressBlock): AddressBlock {
  const isMapped =
    bytes.length === IPV6_BYTES &&
    prefix >= MAPPED_BITS &&
    MAPPED_PREFIX.every((byte, index) => bytes[index] === byte);
  if (!isMapped) return { bytes, prefix };
  return { bytes: bytes.slice(MAPPED_PREFIX.length), prefix: prefix - MAPPED_BITS };
}

function parseBytes(host: string): readonly number[] | undefined {
  return host.includes(':') ? parseIpv6(host) : parseIpv4(host);
}

function parseIpv4(host: string): readonly number[] | undefined {
  const parts = host.split('.');
  if (parts.length !== IPV4_BYTES || !parts.every((part) => OCTET.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 0xff) ? bytes : undefined;
}

function parseIpv6(host: string): readonly number[] | undefined {
  const [left = '', right, ...more] = host.split('::');
  if (more.length > 0) return undefined;
  const head = parseGroups(left, right === undefined);
  const tail = right === undefined ? [] : parseGroups(right, true);
  if (head === undefined || tail === undefined) return undefined;
  const gap = IPV6_BYTES - head.length - tail.length;
  // `::` stands for at least one group, and without it nothing may be missing.
  if (right === undefined ? gap !== 0 : gap < 2) return undefined;
  return [...head, ...Array.from({ length: gap }, () => 0), ...tail];
}

/** The bytes of groups between colons; the last may be an IPv4 address where the text ends. */
function parseGroups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const isLast = isEnd && index === groups.length - 1;
    const parsed = isLast && group.includes('.') ? parseIpv4(group) : parseGroup(group);
    if (parsed === undefined) return undefined;
    bytes.push(...parsed);
  }
  return bytes;
}

function parseGroup(group: string): readonly number[] | undefined {
  if (!GROUP.test(group)) return undefined;
  const value = Number.parseInt(group, 16);
  return [value >> 8, value & 0xff];
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`. */
function formatIpv6(bytes: readonly number[]): string {
  const groups = Array.from({ length: IPV6_BYTES / 2 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  const text = groups.join(':');
  const [longest] = [...text.matchAll(/\b0(?::0)+\b/g)].toSorted(
    (one, other) => other[0].length - one[0].length,
  );
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, '');
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}
