// One device's way to write entries: its salt, its format, and what it does not hash.
import type { Concealed, Reveal } from './concealed.ts';
import { Salt } from './hash.ts';
import { fieldsJson } from './json.ts';
import { jsonToJsonx } from './jsonx.ts';
import type { Style } from './options.ts';
import type { Part } from './part.ts';

/** So many hashes take some milliseconds. An entry with more lets other requests run in between. */
const HASHES_AT_ONCE = 2_000;

interface TokenHashes {
  token?: string;
  accessor?: string;
}

/** An entry has too many texts to be hashed at once. */
class ManyHashes extends Error {
  override readonly name = 'ManyHashes';
}

export class Formatter implements Reveal {
  readonly elidesLists: boolean;
  readonly #salt: Salt;
  readonly #style: Style;
  /** How many hashes the entry that is being written may still have. */
  #hashesLeft = 0;
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

  /** The line of an entry; only a very large one has to be waited for. */
  line(entry: Part): string | Promise<string> {
    this.#hashesLeft = HASHES_AT_ONCE;
    try {
      return this.#styled(fieldsJson(entry, this));
    } catch (error) {
      if (error instanceof ManyHashes) return this.#largeLine(entry);
      throw error;
    }
  }

  /** What `sys/audit-hash` answers: the hash even where the device shows everything. */
  hash(text: string): string {
    return this.#salt.hash(text);
  }

  text(text: string): string {
    if (this.#style.isRaw) return text;
    this.#hashesLeft -= 1;
    if (this.#hashesLeft < 0) throw new ManyHashes();
    return this.#salt.hash(text);
  }

  token(concealed: Concealed): string {
    return this.#style.isRaw ? concealed.text : this.#known(concealed, 'token');
  }

  accessor(concealed: Concealed): string {
    const isShown = this.#style.isRaw || !this.#style.hashesAccessors;
    return isShown ? concealed.text : this.#known(concealed, 'accessor');
  }

  #styled(json: string): string {
    return `${this.#style.prefix}${this.#style.format === 'json' ? json : jsonToJsonx(json)}\n`;
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

  /** Finds the texts, hashes them a few thousand at a time, and puts the hashes in their places. */
  async #largeLine(entry: Part): Promise<string> {
    const texts: string[] = [];
    fieldsJson(
      entry,
      this.#withTexts((text) => {
        texts.push(text);
        return '';
      }),
    );
    const hashes: string[] = [];
    for (let from = 0; from < texts.length; from += HASHES_AT_ONCE) {
      await new Promise(setImmediate);
      const some = texts.slice(from, from + HASHES_AT_ONCE);
      hashes.push(...some.map((text) => this.#salt.hash(text)));
    }
    const inOrder = hashes.values();
    return this.#styled(
      fieldsJson(
        entry,
        this.#withTexts(() => inOrder.next().value ?? ''),
      ),
    );
  }

  #withTexts(text: Reveal['text']): Reveal {
    return {
      elidesLists: this.elidesLists,
      token: (concealed) => this.token(concealed),
      accessor: (concealed) => this.accessor(concealed),
      hash: (header) => this.hash(header),
      text,
    };
  }
}
