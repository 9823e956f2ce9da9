// The format `jsonx`: the JSON of an entry as XML, its fields sorted by name.
// https://www.ibm.com/docs/en/datapower-gateway/10.0.1?topic=20-json-jsonx
import { isRawNumber, parseJson } from '#sdk/json.ts';

/** One entry. The element around it is left to the reader, so that lines can be appended. */
export function jsonToJsonx(json: string): string {
  return fields(parseJson(json) as object);
}

function fields(value: object): string {
  const entries = Object.entries(value) as readonly (readonly [string, unknown])[];
  return entries
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, field]) => element(field, ` name="${escape(key)}"`))
    .join('');
}

function element(value: unknown, name: string): string {
  if (value === null) return `<json:null${name} />`;
  if (isRawNumber(value)) return tagged('number', name, value.rawJSON);
  if (Array.isArray(value)) {
    return tagged('array', name, value.map((item) => element(item, '')).join(''));
  }
  if (typeof value === 'object') return tagged('object', name, fields(value));
  if (typeof value === 'string') return tagged('string', name, escape(value));
  return tagged(typeof value === 'number' ? 'number' : 'boolean', name, JSON.stringify(value));
}

const tagged = (kind: string, name: string, content: string): string =>
  `<json:${kind}${name}>${content}</json:${kind}>`;

const NAMED: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&quot;',
};

/** Text that stays text in XML, on one line. XML cannot hold other control characters, not even escaped. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(
      /[<>&"\t\n\r]/g,
      (found) => NAMED[found] ?? `&#x${found.charCodeAt(0).toString(16)};`,
    );
}
