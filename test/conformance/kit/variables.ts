// The values a scenario saves and fills in: {{name}}, and those of computed.ts.
import { randomBytes } from 'node:crypto';
import { computed } from './computed.ts';
import { isObject } from './match.ts';

const PLACE = /\{\{([^{}]+)\}\}/g;
const WHOLE = /^\{\{([^{}]+)\}\}$/;

/** {{name}}, {{username}} and the like belong to Vault's own templates and stay as they are. */
const VAULT_TEMPLATES = new Set([
  'name',
  'username',
  'password',
  'expiration',
  'dbname',
  'userdn',
  'policy',
  'cluster_path',
  'cluster_aia_path',
  'issuer_id',
  'token_display_name',
  'role_name',
  'public_key_hash',
]);
const VAULT_TEMPLATE = /^[.\s]|^identity\.|^rotation|\s/;

/** What one scenario knows by name. */
export class Variables {
  readonly #values = new Map<string, unknown>([['unique', randomBytes(4).toString('hex')]]);

  set(name: string, value: unknown): void {
    this.#values.set(name, value);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get(name: string): unknown {
    if (!this.#values.has(name)) throw new Error(`no variable "${name}"`);
    return this.#values.get(name);
  }

  text(name: string): string {
    return String(this.get(name));
  }

  /** The parts of a connection string, and one with {{username}} and {{password}} as Vault wants it. */
  setPostgres(address: string): void {
    const url = new URL(address);
    const database = url.pathname.slice(1);
    this.set('pg.host', url.hostname);
    this.set('pg.port', url.port);
    this.set('pg.user', decodeURIComponent(url.username));
    this.set('pg.password', decodeURIComponent(url.password));
    this.set('pg.database', database);
    const server = `${url.hostname}:${url.port}/${database}`;
    this.set('pg.template', `postgresql://{{username}}:{{password}}@${server}?sslmode=disable`);
  }
}

/** A copy of `value` with each {{variable}} replaced; one that is the whole string keeps its type. */
export function fill<Value>(value: Value, variables: Variables): Value {
  return eachText(value, (text) => {
    const whole = WHOLE.exec(text)?.[1];
    if (whole !== undefined && isOurs(whole)) return look(whole, variables);
    return text.replace(PLACE, (all, name: string) =>
      isOurs(name) ? String(look(name, variables)) : all,
    );
  }) as Value; // what stands for a value is of its type: the scenario's author says so
}

/** An expectation with {{variables}} in the place of values: those that are set are filled in, the others stay. */
export function fillExpected<Value>(value: Value, variables: Variables): Value {
  return eachText(value, (text) =>
    text.replace(PLACE, (all, name: string) => {
      if (!isOurs(name) || !variables.has(name)) return all;
      return text.startsWith('~') ? literally(variables.text(name)) : variables.text(name);
    }),
  ) as Value; // texts become texts
}

/** The value at a dotted path; `at` may begin with `body.` or leave it out. */
export function pick(answer: unknown, at: string): unknown {
  return walk(answer, at) ?? (isObject(answer) ? walk(answer['body'], at) : undefined);
}

function walk(from: unknown, at: string): unknown {
  return at.split('.').reduce((value: unknown, key) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return (value as Readonly<Record<string, unknown>>)[key]; // an array's elements too
  }, from);
}

/** A text as a regular expression that fits only it. */
function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function isOurs(name: string): boolean {
  return !VAULT_TEMPLATES.has(name) && !VAULT_TEMPLATE.test(name);
}

function look(name: string, variables: Variables): unknown {
  return computed(name, (other) => variables.text(other)) ?? variables.get(name);
}

function eachText(value: unknown, change: (text: string) => unknown): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((element: unknown) => eachText(element, change));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, element]) => [String(change(key)), eachText(element, change)]),
  );
}
