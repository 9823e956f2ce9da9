// Policies compiled for one subject: whether a request may be carried out, and why.
import type { Seconds } from '#sdk/duration.ts';
import {
  CAPABILITY_FOR,
  has,
  NONE,
  toNames,
  type Capability,
  type Operation,
} from './capabilities.ts';
import { isPolicyName } from './names.ts';
import { refusalOf, type Refusal, type RequestData } from './parameters.ts';
import { PathIndex } from './path-index.ts';
import { patternFor } from './pattern.ts';
import { merge, permissionsOf, type GrantingPolicy, type Permissions } from './permissions.ts';
import type { Policy, Rule } from './policy.ts';
import { isBelow, resultantAcl, type ResultantAcl } from './resultant.ts';
import type { Subject } from './template.ts';

export interface AclRequest {
  readonly operation: Operation;
  readonly path: string;
  readonly data?: RequestData | undefined;
  /** How long the answer is to be wrapped; nothing if it is not. */
  readonly wrapTtlSeconds?: Seconds | number | undefined;
  readonly isSudoPath: boolean;
}

export interface Decision {
  readonly allowed: boolean;
  readonly isRoot: boolean;
  /** The rule gives `sudo`, whether or not the path needs it. */
  readonly hasSudo: boolean;
  readonly grantingPolicies: readonly GrantingPolicy[];
  readonly reason: Reason;
}

/** Why: which rule decided, and what was wrong. For logs and tests; clients learn no more than the refusal. */
export type Reason =
  | { readonly type: 'root' }
  | { readonly type: 'help' }
  | { readonly type: 'granted'; readonly rule: string }
  | { readonly type: 'no rule' }
  | { readonly type: 'denied'; readonly rule: string; readonly policies: readonly GrantingPolicy[] }
  | { readonly type: 'missing capability'; readonly rule: string; readonly capability: Capability }
  | { readonly type: 'wrapping'; readonly rule: string }
  | { readonly type: 'parameter'; readonly rule: string; readonly refusal: Refusal };

const ROOT_POLICY = 'root';
const NOBODY: Subject = { groups: [] };
const NO_DATA: RequestData = {};

const ROOT_DECISION: Decision = {
  allowed: true,
  isRoot: true,
  hasSudo: true,
  grantingPolicies: [{ name: ROOT_POLICY, type: 'acl' }],
  reason: { type: 'root' },
};
const HELP_DECISION: Decision = {
  allowed: true,
  isRoot: false,
  hasSudo: false,
  grantingPolicies: [],
  reason: { type: 'help' },
};
const NO_RULE_DECISION: Decision = {
  allowed: false,
  isRoot: false,
  hasSudo: false,
  grantingPolicies: [],
  reason: { type: 'no rule' },
};

/** Puts policies together. `root` stands alone: beside others it would make their limits void. */
export function compileAcl(policies: readonly Policy[], subject: Subject = NOBODY): Acl {
  const isRoot = policies.some((policy) => policy.name === ROOT_POLICY);
  if (isRoot && policies.length > 1) throw new Error('other policies present along with root');
  const permissionsByPattern = new Map<string, Permissions>();
  for (const { name, rules } of policies.filter((policy) => isPolicyName(policy.name))) {
    for (const rule of rules) addRule(permissionsByPattern, rule, name, subject);
  }
  return new Acl([...permissionsByPattern.values()], isRoot);
}

function addRule(
  permissionsByPattern: Map<string, Permissions>,
  rule: Rule,
  policy: string,
  subject: Subject,
): void {
  const pattern = patternFor(rule.template, subject, has(rule.capabilities, 'deny'));
  if (pattern === undefined) return;
  const key = `${pattern.type} ${pattern.path}`;
  const known = permissionsByPattern.get(key);
  const permissions =
    known === undefined ? permissionsOf(pattern, rule, policy) : merge(known, rule, policy);
  permissionsByPattern.set(key, permissions);
}

/** The compiled form. It never changes, so it may be shared by all who have the same policies. */
export class Acl {
  /** Everything is allowed. */
  readonly isRoot: boolean;
  readonly #all: readonly Permissions[];
  readonly #index: PathIndex<Permissions>;

  constructor(all: readonly Permissions[], isRoot: boolean) {
    this.isRoot = isRoot;
    this.#all = all;
    this.#index = new PathIndex(all.map((permissions) => [permissions.pattern, permissions]));
  }

  /** The decision about a request. It never throws. */
  decide(request: AclRequest): Decision {
    if (this.isRoot) return ROOT_DECISION;
    const { operation } = request;
    if (operation === 'help') return HELP_DECISION;
    const path = withoutLeadingSlash(request.path);
    const permissions = operation === 'list' ? this.#forList(path) : this.#forPath(path);
    if (permissions === undefined) return NO_RULE_DECISION;
    return judge(permissions, CAPABILITY_FOR[operation], request);
  }

  /** What may be done with a path, by name and in order: `deny` if nothing, `root` if everything. */
  capabilities(path: string): readonly string[] {
    if (this.isRoot) return [ROOT_POLICY];
    const spelled = withoutLeadingSlash(path);
    const permissions = spelled.endsWith('/') ? this.#forList(spelled) : this.#forPath(spelled);
    return toNames(permissions?.capabilities ?? NONE);
  }

  /** Whether anything at or below a mount's path is granted, so that the mount may be shown. */
  hasAccessBelow(mountPath: string): boolean {
    if (!this.capabilities(mountPath).includes('deny')) return true;
    return this.#all.some((permissions) => isBelow(permissions, mountPath));
  }

  /** All rules, as the user interface asks for them. */
  resultant(): ResultantAcl {
    return this.isRoot ? { root: true } : resultantAcl(this.#all);
  }

  #forPath(path: string): Permissions | undefined {
    return this.#index.exact(path) ?? this.#index.closest([path]);
  }

  /** A folder is meant with and without the slash at its end: the closest rule for either decides about both. */
  #forList(path: string): Permissions | undefined {
    const bare = path.endsWith('/') ? path.slice(0, -1) : path;
    const folder = `${bare}/`;
    const exact = stricter(this.#index.exact(folder), this.#index.exact(bare));
    return exact ?? this.#index.closest([folder, bare]);
  }
}

/** Of two rules for the same folder, one that denies wins, else the first. */
function stricter(
  one: Permissions | undefined,
  other: Permissions | undefined,
): Permissions | undefined {
  if (other !== undefined && has(other.capabilities, 'deny')) return other;
  return one ?? other;
}

function judge(permissions: Permissions, capability: Capability, request: AclRequest): Decision {
  const { capabilities, granting, rule } = permissions;
  const refused = refusal(permissions, capability, request);
  const isGranted = has(capabilities, capability);
  return {
    allowed: refused === undefined,
    isRoot: false,
    hasSudo: has(capabilities, 'sudo'),
    grantingPolicies: (isGranted ? granting[capability] : undefined) ?? [],
    reason: refused ?? { type: 'granted', rule },
  };
}

function refusal(
  permissions: Permissions,
  capability: Capability,
  request: AclRequest,
): Reason | undefined {
  const { capabilities, rule, granting } = permissions;
  if (has(capabilities, 'deny')) return { type: 'denied', rule, policies: granting.deny ?? [] };
  if (!has(capabilities, capability)) return { type: 'missing capability', rule, capability };
  if (request.isSudoPath && !has(capabilities, 'sudo')) {
    return { type: 'missing capability', rule, capability: 'sudo' };
  }
  if (!permissions.isLimited) return undefined;
  if (!isWrappedAsWanted(permissions, request.wrapTtlSeconds)) return { type: 'wrapping', rule };
  return refusedParameter(permissions, request);
}

/** Bounds hold for unwrapped answers too: with one of them set, every answer has to be wrapped. */
function isWrappedAsWanted({ limits }: Permissions, wrapTtl: number | undefined): boolean {
  const { min_wrapping_ttl: min, max_wrapping_ttl: max } = limits;
  if (min <= 0 && max <= 0) return true;
  if (wrapTtl === undefined) return false;
  return wrapTtl >= min && (max <= 0 || wrapTtl <= max);
}

/** Operations whose data a rule may restrict. */
const WITH_PARAMETERS: ReadonlySet<Operation> = new Set(['read', 'create', 'update', 'patch']);

function refusedParameter(
  { limits, rule }: Permissions,
  { operation, data }: AclRequest,
): Reason | undefined {
  if (!WITH_PARAMETERS.has(operation)) return undefined;
  const found = refusalOf(limits, data ?? NO_DATA);
  return found === undefined ? undefined : { type: 'parameter', rule, refusal: found };
}

function withoutLeadingSlash(path: string): string {
  return path.startsWith('/') ? path.replace(/^\/+/, '') : path;
}
