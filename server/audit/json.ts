// Writes an entry as one line of JSON for one device: what is concealed is hashed, what is empty is left out, and
// the keys of data are sorted, so that equal data makes equal lines.
import { isRawNumber } from '#sdk/json.ts';
import { assert } from '#sdk/errors.ts';
import { Concealed, Payload, Section, SharedSection, type Reveal } from './concealed.ts';
import { isTime } from './hash.ts';

/** Deeper than any parsed body (500) with what a handler may put around it. */
const MAX_DEPTH = 600;

/** The fields of an entry or of a section, whose names are ours and need no escape. */
export function fieldsJson(fields: Section['fields'], reveal: Reveal): string {
  let text = '';
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value === undefined) continue;
    text += `${text === '' ? '{' : ','}"${key}":${valueJson(value, reveal)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** What is neither concealed nor holds anything concealed is plain JSON. */
function valueJson(value: unknown, reveal: Reveal): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Section) return fieldsJson(value.fields, reveal);
  if (value instanceof SharedSection) return value.text(reveal, fieldsJson);
  if (value instanceof Concealed) return JSON.stringify(revealed(value, reveal));
  if (value instanceof Payload) return payloadJson(value, reveal);
  if (Array.isArray(value) && value[0] instanceof Concealed) {
    return `[${value.map((element) => valueJson(element, reveal)).join(',')}]`;
  }
  return JSON.stringify(value);
}

function revealed(concealed: Concealed, reveal: Reveal): string {
  switch (concealed.kind) {
    case 'token':
      return reveal.token(concealed);
    case 'accessor':
      return reveal.accessor(concealed);
    case 'header':
      return reveal.hash(concealed.text);
  }
}

function payloadJson(payload: Payload, reveal: Reveal): string {
  const value = payload.isList && reveal.elidesLists ? elided(payload.value) : payload.value;
  return new Walk(payload.clearKeys, reveal).object(value, 0);
}

/** A list's answer with numbers in the place of the names and of what is known about them. */
function elided(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { keys, key_info: info, ...rest } = data;
  return {
    ...rest,
    ...(keys === undefined ? {} : { keys: Array.isArray(keys) ? keys.length : keys }),
    ...(info === undefined
      ? {}
      : { key_info: isPlainObject(info) ? Object.keys(info).length : info }),
  };
}

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Most data has few keys, which often are in order already. */
function sortedKeys(data: object): readonly string[] {
  const keys = Object.keys(data);
  const isSorted = keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key);
  return isSorted ? keys : keys.toSorted();
}

/** One walk through data. The key of a list holds for all of its elements. */
class Walk {
  readonly #clearKeys: readonly string[];
  readonly #reveal: Reveal;

  constructor(clearKeys: readonly string[], reveal: Reveal) {
    this.#clearKeys = clearKeys;
    this.#reveal = reveal;
  }

  object(data: object, depth: number): string {
    assert(depth < MAX_DEPTH, 'data is nested too deeply to be audited');
    let text = '';
    for (const key of sortedKeys(data)) {
      const value = (data as Readonly<Record<string, unknown>>)[key];
      if (value === undefined) continue;
      text += `${text === '' ? '{' : ','}${JSON.stringify(key)}:${this.#value(key, value, depth)}`;
    }
    return text === '' ? '{}' : `${text}}`;
  }

  #value(key: string, value: unknown, depth: number): string {
    if (typeof value === 'string') return JSON.stringify(this.#text(key, value));
    if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
    if (isRawNumber(value)) return value.rawJSON;
    if (value instanceof Uint8Array) {
      return JSON.stringify(this.#text(key, Buffer.from(value).toString('base64')));
    }
    if (!Array.isArray(value)) return this.object(value, depth + 1);
    assert(depth < MAX_DEPTH, 'data is nested too deeply to be audited');
    return `[${value.map((element) => this.#value(key, element, depth + 1)).join(',')}]`;
  }

  #text(key: string, text: string): string {
    return this.#clearKeys.includes(key) || isTime(text) ? text : this.#reveal.text(text);
  }
}
