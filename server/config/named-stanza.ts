// Stanzas of which the file only knows that they have a type and settings: `seal`, `service_registration`.
import { blocks } from '../hcl/read.ts';
import type { Body } from '../hcl/values.ts';
import { readText } from './setting.ts';

export interface NamedStanza {
  readonly type: string;
  /** As written, every value as text; who uses the stanza decides what they mean. */
  readonly config: ReadonlyMap<string, string>;
  readonly line: number;
}

export function readNamed(body: Body, name: string): readonly NamedStanza[] {
  return blocks(body, name, 1).map(({ labels, body: stanza, at }) => {
    const config = stanza.entries.map(
      ({ keys, value }) => [keys[0]?.text ?? '', readText(value)] as const,
    );
    return { type: (labels[0] ?? name).toLowerCase(), config: new Map(config), line: at.line };
  });
}
