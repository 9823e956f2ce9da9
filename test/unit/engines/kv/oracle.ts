// What version 2 of key and value is, in its simplest form: maps in memory, every rule written down once and anew. The
// engine is compared with it call by call. It answers with what matters: the status and the data without times.
import { isJsonObject } from '#sdk/json.ts';

type Json = Readonly<Record<string, unknown>>;

type Custom = Readonly<Record<string, string | null>>;

export interface Call {
  readonly verb: 'read' | 'list' | 'write' | 'patch' | 'delete';
  readonly path: string;
  readonly body: Json;
}

export interface Answer {
  readonly status: number;
  readonly data?: unknown;
  readonly error?: string | undefined;
}

type Rule = (name: string, body: Json, now: number) => Answer;

interface Version {
  value: Json | null;
  /** The moment from which it is deleted. */
  deletedFrom: number;
  destroyed: boolean;
}

interface Secret {
  versions: Map<number, Version>;
  current: number;
  oldest: number;
  max: number;
  casRequired: boolean;
  deleteAfter: number;
  custom: Map<string, string>;
}

const NEVER = Infinity;
const asked = (body: Json): readonly number[] => body['versions'] as readonly number[];
const refuse = (error: string): Answer => ({ status: 400, error });
const DONE: Answer = { status: 204 };
const NOT_THERE: Answer = { status: 404 };

export class Oracle {
  readonly #secrets = new Map<string, Secret>();
  #max = 0;
  #casRequired = false;
  #deleteAfter = 0;

  ask({ verb, path, body }: Call, now: number): Answer {
    const [kind = '', ...names] = path.split('/');
    const answer = this.#rules[`${verb} ${kind}`];
    if (answer === undefined) throw new Error(`nobody asks ${verb} ${path}`);
    return answer(names.join('/'), body, now);
  }

  readonly #rules: Readonly<Record<string, Rule>> = {
    'write config': (_, body) => this.#configure(body),
    'read config': () => this.#configuration(),
    'read data': (name, body, now) => this.#read(name, body, now, (data) => ({ data })),
    'read subkeys': (name, body, now) =>
      this.#read(name, body, now, (value) => ({ subkeys: value && subkeys(value) })),
    'write data': (name, body, now) => this.#write(name, body, now),
    'patch data': (name, body, now) => this.#patch(name, body, now),
    'delete data': (name, _, now) => this.#hide(name, [this.#secrets.get(name)?.current ?? 0], now),
    'write delete': (name, body, now) => this.#hide(name, asked(body), now),
    'write undelete': (name, body, now) => this.#show(name, asked(body), now),
    'write destroy': (name, body) => this.#destroy(name, asked(body)),
    'write metadata': (name, body) => this.#describe(name, body, true),
    'patch metadata': (name, body) => this.#describe(name, body, false),
    'read metadata': (name, _, now) => this.#metadata(name, now),
    'delete metadata': (name) => this.#remove(name),
    'list metadata': (folder) => this.#list(folder),
  };

  #configure(body: Json): Answer {
    this.#max = (body['max_versions'] as number | undefined) ?? this.#max;
    this.#casRequired = (body['cas_required'] as boolean | undefined) ?? this.#casRequired;
    this.#deleteAfter = (body['delete_version_after'] as number | undefined) ?? this.#deleteAfter;
    return DONE;
  }

  #configuration(): Answer {
    return { status: 200, data: { max_versions: this.#max, cas_required: this.#casRequired } };
  }

  #read(name: string, body: Json, now: number, show: (value: Json | null) => object): Answer {
    const secret = this.#secrets.get(name);
    const number = Number(body['version'] ?? 0) || (secret?.current ?? 0);
    const version = secret?.versions.get(number);
    if (secret === undefined || version === undefined) return NOT_THERE;
    const metadata = this.#versionMetadata(secret, number, now);
    if (isGone(version, now)) return { status: 404, data: { ...show(null), metadata } };
    return { status: 200, data: { ...show(version.value), metadata } };
  }

  #write(name: string, body: Json, now: number): Answer {
    if (!('data' in body)) return refuse('no data provided');
    const secret = this.#secrets.get(name) ?? emptySecret();
    const refusal = this.#checkAndSet(secret, body);
    if (refusal !== undefined) return refusal;
    this.#secrets.set(name, secret);
    return this.#add(secret, body['data'] as Json, now);
  }

  #patch(name: string, body: Json, now: number): Answer {
    if (!('data' in body)) return refuse('no data provided');
    const secret = this.#secrets.get(name);
    if (secret === undefined) return NOT_THERE;
    const refusal = this.#checkAndSet(secret, body);
    if (refusal !== undefined) return refusal;
    const version = secret.versions.get(secret.current);
    if (version === undefined) return NOT_THERE;
    const gone = this.#versionMetadata(secret, secret.current, now);
    if (isGone(version, now)) return { status: 404, data: gone };
    return this.#add(secret, merge(version.value, body['data']) as Json, now);
  }

  #add(secret: Secret, value: Json, now: number): Answer {
    const deletedFrom = now + this.#lifetime(secret);
    secret.current++;
    secret.versions.set(secret.current, { value, deletedFrom, destroyed: false });
    const kept = Math.max(secret.max, this.#max) || 10;
    if (secret.current - secret.oldest >= kept) {
      secret.oldest = secret.current - kept + 1;
      for (const number of secret.versions.keys()) {
        if (number < secret.oldest) secret.versions.delete(number);
      }
    }
    return { status: 200, data: this.#versionMetadata(secret, secret.current, now) };
  }

  #lifetime({ deleteAfter }: Secret): number {
    if (this.#deleteAfter < 0) return NEVER;
    return Math.min(this.#deleteAfter || NEVER, deleteAfter || NEVER) * 1000;
  }

  #checkAndSet(secret: Secret, body: Json): Answer | undefined {
    const cas = (body['options'] as { cas?: number } | undefined)?.cas;
    if (cas === undefined) {
      const isRequired = this.#casRequired || secret.casRequired;
      return isRequired ? refuse('check-and-set parameter required for this call') : undefined;
    }
    if (cas === secret.current) return undefined;
    return refuse('check-and-set parameter did not match the current version');
  }

  #hide(name: string, numbers: readonly number[], now: number): Answer {
    for (const version of this.#chosen(name, numbers)) {
      if (!isGone(version, now)) version.deletedFrom = now;
    }
    return DONE;
  }

  #show(name: string, numbers: readonly number[], now: number): Answer {
    const secret = this.#secrets.get(name);
    for (const version of this.#chosen(name, numbers)) {
      if (!version.destroyed && secret) version.deletedFrom = now + this.#lifetime(secret);
    }
    return DONE;
  }

  #destroy(name: string, numbers: readonly number[]): Answer {
    for (const version of this.#chosen(name, numbers)) {
      version.value = null;
      version.destroyed = true;
    }
    return DONE;
  }

  #chosen(name: string, numbers: readonly number[]): readonly Version[] {
    const versions = this.#secrets.get(name)?.versions;
    return numbers.map((number) => versions?.get(number)).filter((one) => one !== undefined);
  }

  #describe(name: string, body: Json, mayCreate: boolean): Answer {
    if (mayCreate && Object.keys(body).length === 0) return DONE;
    const secret = this.#secrets.get(name) ?? (mayCreate ? emptySecret() : undefined);
    if (secret === undefined) return NOT_THERE;
    this.#secrets.set(name, secret);
    secret.max = (body['max_versions'] as number | undefined) ?? secret.max;
    secret.casRequired = (body['cas_required'] as boolean | undefined) ?? secret.casRequired;
    secret.deleteAfter = (body['delete_version_after'] as number | undefined) ?? secret.deleteAfter;
    describe(secret.custom, body['custom_metadata'] as Custom | undefined, mayCreate);
    return body['cas_required'] === false && this.#casRequired ? { status: 200, data: null } : DONE;
  }

  #metadata(name: string, now: number): Answer {
    const secret = this.#secrets.get(name);
    if (secret === undefined) return NOT_THERE;
    const versions = [...secret.versions].map(([number, version]) => [
      number,
      stateOf(version, now),
    ]);
    const data = {
      current_version: secret.current,
      oldest_version: secret.oldest,
      max_versions: secret.max,
      cas_required: secret.casRequired,
      custom_metadata: customOf(secret),
      versions: Object.fromEntries(versions) as Json,
    };
    return { status: 200, data };
  }

  #remove(name: string): Answer {
    this.#secrets.delete(name);
    return DONE;
  }

  #list(folder: string): Answer {
    const below = [...this.#secrets.keys()].filter((name) => name.startsWith(folder));
    const names = below.map((name) => name.slice(folder.length).replace(/\/.*/, '/'));
    const keys = [...new Set(names)].filter((name) => name !== '').toSorted();
    return keys.length === 0 ? NOT_THERE : { status: 200, data: { keys } };
  }

  #versionMetadata(secret: Secret, number: number, now: number): Json {
    const version = secret.versions.get(number);
    const state = version && stateOf(version, now);
    return { ...state, version: number, custom_metadata: customOf(secret) };
  }
}

function describe(custom: Map<string, string>, sent: Custom | undefined, isWhole: boolean): void {
  if (sent !== undefined && isWhole) custom.clear();
  for (const [key, value] of Object.entries(sent ?? {})) {
    if (value === null) custom.delete(key);
    else custom.set(key, value);
  }
}

function emptySecret(): Secret {
  return {
    versions: new Map(),
    current: 0,
    oldest: 0,
    max: 0,
    casRequired: false,
    deleteAfter: 0,
    custom: new Map(),
  };
}

const isGone = ({ destroyed, deletedFrom }: Version, now: number): boolean =>
  destroyed || deletedFrom <= now;

/** Times are compared as the one thing that they decide. */
const stateOf = ({ destroyed, deletedFrom }: Version, now: number): Json => ({
  destroyed,
  deleted: deletedFrom <= now,
});

const customOf = ({ custom }: Secret): Json | null =>
  custom.size === 0 ? null : Object.fromEntries(custom);

function merge(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  }
  return merged;
}

function subkeys(value: Json): Json {
  const entries = Object.entries(value).map(([name, inner]) => {
    const isFull = isJsonObject(inner) && Object.keys(inner).length > 0;
    return [name, isFull ? subkeys(inner) : null] as const;
  });
  return Object.fromEntries(entries);
}
