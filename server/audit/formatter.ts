// One device's way to write entries: its salt, its format, and what it does not hash.
import type { Concealed, Reveal } from './concealed.ts';
import { Salt } from './hash.ts';
import { fieldsJson } from './json.ts';
import { jsonToJsonx } from './jsonx.ts';
import type { Style } from './options.ts';
import type { Part } from './part.ts';

interface TokenHashes {
  token?: string;
  accessor?: string;
}

export class Formatter implements Reveal {
  readonly elidesLists: boolean;
  readonly #salt: Salt;
  readonly #style: Style;
  /**
   * The hashes of tokens that are in use: half of what an entry of a read costs. The keys are the records that
   * the token store has in memory, so nothing lives here longer than there, and no token or accessor is kept.
   */
  readonly #hashesByToken = new WeakMap<object, TokenHashes>();

  constructor(salt: string, style: Style) {
    this.#salt = new Salt(salt);
    this.#style = style;
    this.elidesLists = style.elidesLists;
  }

  line(entry: Part): string {
    const json = fieldsJson(entry, this);
    return `${this.#style.prefix}${this.#style.format === 'json' ? json : jsonToJsonx(json)}\n`;
  }

  /** What `sys/audit-hash` answers: the hash even where the device shows everything. */
  hash(text: string): string {
    return this.#salt.hash(text);
  }

  text(text: string): string {
    return this.#style.isRaw ? text : this.#salt.hash(text);
  }

  token(concealed: Concealed): string {
    return this.#style.isRaw ? concealed.text : this.#known(concealed, 'token');
  }

  accessor(concealed: Concealed): string {
    const isShown = this.#style.isRaw || !this.#style.hashesAccessors;
    return isShown ? concealed.text : this.#known(concealed, 'accessor');
  }

  #known({ text, owner }: Concealed, kind: keyof TokenHashes): string {
    if (owner === undefined) return this.#salt.hash(text);
    let hashes = this.#hashesByToken.get(owner);
    if (hashes === undefined) {
      hashes = {};
      this.#hashesByToken.set(owner, hashes);
    }
    return (hashes[kind] ??= this.#salt.hash(text));
  }
}
