// Policies as they are stored, and the compiled decision maker of any set of them.
import type { Transaction } from '#storage/transaction.ts';
import { compileAcl, type Acl } from './acl.ts';
import type { Entity } from '../identity/entities.ts';
import { DEFAULT_POLICY, RESPONSE_WRAPPING_POLICY } from './builtin.ts';
import { policyName } from './names.ts';
import { parsePolicy } from './parse.ts';
import type { Policy } from './policy.ts';
import type { Subject } from './template.ts';

const PREFIX = 'sys/policy/';

/** What is kept of each kind: some kilobytes apiece, and few servers have more kinds of tokens in use at once. */
const KEPT_MAX = 4096;

export interface PolicyRecord {
  /** As it was written. */
  readonly text: string;
}

const BUILTIN_POLICIES: ReadonlyMap<string, string> = new Map([
  ['default', DEFAULT_POLICY],
  ['response-wrapping', RESPONSE_WRAPPING_POLICY],
]);

/** Something that was made from records, and the indexes that they had then. */
interface Derived<T> {
  readonly versions: readonly (number | undefined)[];
  readonly value: T;
}

/** Grants everything; it has no text. */
const ROOT: Policy = { name: 'root', rules: [], isTemplated: false };

export class PolicyStore {
  readonly #parsed = new Map<string, Derived<Policy>>();
  /** In the order of their making, so that the oldest goes first. */
  readonly #compiled = new Map<string, Derived<Acl>>();

  /** The text of a policy; what is built in and was never written has the text that it came with. */
  text(transaction: Transaction, name: string): string | undefined {
    return transaction.get<PolicyRecord>(keyOf(name))?.text ?? BUILTIN_POLICIES.get(name);
  }

  /** @throws PolicyError when the text is none of a policy */
  put(transaction: Transaction, name: string, text: string): void {
    parsePolicy(name, text);
    transaction.put(keyOf(name), { text } satisfies PolicyRecord);
  }

  delete(transaction: Transaction, name: string): void {
    transaction.delete(keyOf(name));
  }

  /** The names of all that were written or are built in, sorted; `root` is not among them. */
  names(transaction: Transaction): readonly string[] {
    return [...new Set([...listBelow(transaction, ''), ...BUILTIN_POLICIES.keys()])].toSorted();
  }

  exists(transaction: Transaction, name: string): boolean {
    return name === ROOT.name || this.text(transaction, name) !== undefined;
  }

  /** Decides for whoever has these policies. The name of a policy that is not there grants nothing. */
  aclOf(transaction: Transaction, names: readonly string[], entity: Entity | undefined): Acl {
    if (names.includes(ROOT.name)) return ROOT_ACL;
    const policies = names.map((name) => this.#parse(transaction, name));
    const isTemplated = policies.some(({ value }) => value?.isTemplated ?? false);
    const subject = isTemplated ? entity : undefined;
    const id = JSON.stringify([names, subject?.id]);
    const versions = [...policies.flatMap((policy) => policy.versions), subject?.updatedAt ?? 0];
    const kept = this.#compiled.get(id);
    if (kept !== undefined && isSame(kept.versions, versions)) return kept.value;
    const found = policies.map(({ value }) => value).filter((policy) => policy !== undefined);
    const value = compileAcl(found, subjectOf(subject));
    if (!versions.includes(undefined)) keep(this.#compiled, id, { versions, value });
    return value;
  }

  #parse(transaction: Transaction, name: string): Derived<Policy | undefined> {
    const versions = [transaction.version(keyOf(name))];
    const kept = this.#parsed.get(name);
    if (kept !== undefined && isSame(kept.versions, versions)) return kept;
    const text = this.text(transaction, name);
    if (text === undefined) return { versions, value: undefined };
    const made = { versions, value: parsePolicy(name, text) };
    if (!versions.includes(undefined)) keep(this.#parsed, name, made);
    return made;
  }
}

const ROOT_ACL = compileAcl([ROOT]);

/** Names may have slashes, so that they lie in folders. */
function listBelow(transaction: Transaction, folder: string): readonly string[] {
  return transaction
    .list(PREFIX + folder)
    .flatMap((name) =>
      name.endsWith('/') ? listBelow(transaction, folder + name) : [folder + name],
    );
}

const keyOf = (name: string): string => PREFIX + policyName(name);

function isSame(one: Derived<unknown>['versions'], other: Derived<unknown>['versions']): boolean {
  return one.length === other.length && one.every((version, index) => version === other[index]);
}

function keep<T>(map: Map<string, Derived<T>>, id: string, derived: Derived<T>): void {
  map.delete(id);
  map.set(id, derived);
  if (map.size <= KEPT_MAX) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

function subjectOf(entity: Entity | undefined): Subject {
  if (entity === undefined) return { groups: [] };
  const aliases = entity.aliases.map(({ id, name, mountAccessor, metadata }) => ({
    id,
    name,
    mount_accessor: mountAccessor,
    metadata,
  }));
  return { entity: { id: entity.id, name: entity.name, aliases }, groups: [] };
}
