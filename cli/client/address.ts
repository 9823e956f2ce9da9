// From the server's address and a path to a URL, encoded as Go's client encodes it.

/** Keys and values; a key may stand there more than once. */
export type Query = readonly (readonly [string, string])[];

/** The URL of a path below `/v1/`; `.` and `..` are resolved and double slashes dropped, as Go's `path.Join` does. */
export function urlOf(address: URL, path: string, query: Query): URL {
  const url = new URL(address);
  url.pathname = encodePath(cleanPath(`${address.pathname}/v1/${path}`));
  url.search = queryText(query);
  return url;
}

function queryText(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of query) parameters.append(key, value);
  parameters.sort();
  return parameters.toString();
}

/** Parses an address such as `https://vault.example:8200`. Throws an error in Go's words. */
export function parseAddress(raw: string): URL {
  if (raw.startsWith('unix://')) return new URL('http://localhost');
  if (/^[a-z][a-z0-9+.-]*:/i.test(raw) && URL.canParse(raw)) return new URL(raw);
  const why = raw.startsWith(':') ? 'missing protocol scheme' : 'no scheme and host in the address';
  throw new Error(`parse ${JSON.stringify(raw)}: ${why}`);
}

/** The socket in an address such as `unix:///run/vault.sock`. */
export const socketOf = (raw: string): string | undefined =>
  raw.startsWith('unix://') ? raw.slice('unix://'.length) : undefined;

export function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

/** Percent signs for everything but letters, digits and what may stand in a path. */
const encodePath = (path: string): string =>
  encodeURIComponent(path)
    .replaceAll(/%(2F|24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent)
    .replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
