// Ways to look into a tree: blocks with their labels, plain values.
import { HclError, type Position } from './position.ts';
import type { Body, Entry, Value } from './values.ts';

export interface Block {
  readonly labels: readonly string[];
  readonly body: Body;
  readonly at: Position;
}

/** The blocks of a name with up to so many labels; in JSON the labels are the keys of nested objects. */
export function blocks(body: Body, name: string, labelCount: number): readonly Block[] {
  return body.entries
    .filter((entry) => entry.keys[0]?.text === name)
    .flatMap((entry) => expand(entry, labelCount, body.notation));
}

/** The last value given to a name; a list that is given more than once is one list. */
export function lastValue(body: Body, name: string): Value | undefined {
  const values = body.entries
    .filter(({ keys }) => keys.length === 1 && keys[0]?.text === name)
    .map(({ value }) => value);
  const last = values.at(-1);
  if (last?.type !== 'list' || values.length === 1) return last;
  const items = values.flatMap((value) => (value.type === 'list' ? value.items : [value]));
  return { ...last, items };
}

/** A value without its positions: objects are records without a prototype. */
export function plain(value: Value): unknown {
  switch (value.type) {
    case 'text':
    case 'boolean':
    case 'number':
      return value.value;
    case 'list':
      return value.items.map(plain);
    case 'body':
      return Object.freeze(
        Object.setPrototypeOf(Object.fromEntries(value.entries.map(plainEntry)), null),
      );
  }
}

function plainEntry({ keys, value }: Entry): readonly [string, unknown] {
  const [first, ...labels] = keys.map((key) => key.text);
  const nested = labels.reduceRight<unknown>((inner, label) => ({ [label]: inner }), plain(value));
  return [first ?? '', nested];
}

function expand(entry: Entry, labelCount: number, notation: Body['notation']): readonly Block[] {
  const [first, ...labels] = entry.keys;
  const at = first?.at ?? entry.value.at;
  const given = labels.slice(0, labelCount).map((key) => key.text);
  if (labels.length > labelCount) return [{ labels: given, body: wrapped(entry, labelCount), at }];
  return bodies(entry.value).flatMap((body) => {
    if (labels.length === labelCount || notation === 'hcl') return [{ labels: given, body, at }];
    return body.entries
      .map(({ keys, value }) => ({ keys: [...entry.keys, ...keys], value }))
      .flatMap((inner) => expand(inner, labelCount, notation));
  });
}

/** A block may be one object or a list of them. */
function bodies(value: Value): readonly Body[] {
  const items = value.type === 'list' ? value.items : [value];
  return items.map((item) => {
    if (item.type === 'body') return item;
    throw new HclError('a block is needed here', item.at);
  });
}

/** Labels beyond the expected ones become a block inside. */
function wrapped(entry: Entry, labelCount: number): Body {
  const keys = entry.keys.slice(labelCount + 1);
  const inner = { keys, value: entry.value };
  return { type: 'body', entries: [inner], at: entry.value.at, notation: 'hcl' };
}
