// What an entry holds that a device shows in its own way: texts that are hashed, data that is walked, parts that
// several entries share. An entry is built once for each request; each device writes it out under its own salt.

/** How a device shows what is concealed. */
export interface Reveal {
  token(concealed: Concealed): string;
  /** Accessors are hashed unless the device was told to show them. */
  accessor(concealed: Concealed): string;
  text(text: string): string;
  /** A hash even on a device that shows everything else. */
  hash(text: string): string;
  readonly elidesLists: boolean;
}

/** A token, an accessor, or a header that was configured to be hashed. */
export class Concealed {
  readonly kind: 'token' | 'accessor' | 'header';
  readonly text: string;
  /** The record that the text belongs to as long as it is in memory, so that its hash can be kept as long. */
  readonly owner: object | undefined;

  constructor(kind: Concealed['kind'], text: string, owner?: object) {
    this.kind = kind;
    this.text = text;
    this.owner = owner;
  }
}

/** Data as clients sent it or get it: each text in it is hashed, except under the keys that the mount leaves clear. */
export class Payload {
  readonly value: Readonly<Record<string, unknown>>;
  readonly clearKeys: readonly string[];
  /** The answer to a list, of which a device may show the length alone. */
  readonly isList: boolean;

  constructor(
    value: Readonly<Record<string, unknown>>,
    clearKeys: readonly string[],
    isList = false,
  ) {
    this.value = value;
    this.clearKeys = clearKeys;
    this.isList = isList;
  }
}

/** An object of the entry under its wire names, in their order; fields that are `undefined` are left out. */
export class Section {
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(fields: Section['fields']) {
    this.fields = fields;
  }
}

/** Who asks, and for what: it stands in both entries of a request, and each device writes it out once. */
export class SharedSection {
  readonly fields: Section['fields'];
  readonly #texts: { readonly device: Reveal; readonly text: string }[] = [];

  constructor(fields: Section['fields']) {
    this.fields = fields;
  }

  text(device: Reveal, write: (fields: Section['fields'], device: Reveal) => string): string {
    const known = this.#texts.find((written) => written.device === device);
    if (known !== undefined) return known.text;
    const text = write(this.fields, device);
    this.#texts.push({ device, text });
    return text;
  }
}
