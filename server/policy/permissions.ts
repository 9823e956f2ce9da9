// What the rules of one pattern grant together. Rules come from several policies; the merged form is never changed again.
import { seconds, type Seconds } from '#sdk/duration.ts';
import {
  CAPABILITY_BITS,
  DENY,
  has,
  union,
  type Capabilities,
  type Capability,
} from './capabilities.ts';
import type { Pattern } from './pattern.ts';
import { NO_LIMITS, type Limits, type Parameters, type Rule } from './policy.ts';

export interface GrantingPolicy {
  readonly name: string;
  readonly type: 'acl';
}

export interface Permissions {
  readonly pattern: Pattern;
  /** The path as a policy would write it, to be named as a reason. */
  readonly rule: string;
  readonly capabilities: Capabilities;
  readonly limits: Limits;
  /** Which policies gave each capability, in the order in which they were read. */
  readonly granting: Readonly<Partial<Record<Capability, readonly GrantingPolicy[]>>>;
  /** Whether any limit is set; most rules have none, and then nothing more is looked at. */
  readonly isLimited: boolean;
}

export function permissionsOf(pattern: Pattern, rule: Rule, policy: string): Permissions {
  const { capabilities, limits } = rule;
  return {
    pattern,
    rule: pattern.type === 'prefix' ? `${pattern.path}*` : pattern.path,
    capabilities,
    limits,
    granting: addGranting({}, capabilities, policy),
    isLimited: isLimited(limits),
  };
}

/** A further rule for the same pattern: capabilities add up, `deny` takes all, limits of one rule hold for all. */
export function merge(permissions: Permissions, rule: Rule, policy: string): Permissions {
  const granting = addGranting(permissions.granting, rule.capabilities, policy);
  const capabilities = union(permissions.capabilities, rule.capabilities);
  if (capabilities === DENY) {
    return { ...permissions, capabilities, granting, limits: NO_LIMITS, isLimited: false };
  }
  const limits = mergeLimits(permissions.limits, rule.limits);
  return { ...permissions, capabilities, granting, limits, isLimited: isLimited(limits) };
}

function addGranting(
  granting: Permissions['granting'],
  capabilities: Capabilities,
  policy: string,
): Permissions['granting'] {
  const added = { ...granting };
  for (const capability of Object.keys(CAPABILITY_BITS) as Capability[]) {
    if (has(capabilities, capability)) {
      added[capability] = [...(added[capability] ?? []), { name: policy, type: 'acl' }];
    }
  }
  return added;
}

function isLimited(limits: Limits): boolean {
  return (
    limits.min_wrapping_ttl > 0 ||
    limits.max_wrapping_ttl > 0 ||
    limits.allowed_parameters.size > 0 ||
    limits.denied_parameters.size > 0 ||
    limits.required_parameters.length > 0
  );
}

/** Wrapping times become the shorter ones, lists of parameters become longer. */
function mergeLimits(one: Limits, other: Limits): Limits {
  return {
    min_wrapping_ttl: shorter(one.min_wrapping_ttl, other.min_wrapping_ttl),
    max_wrapping_ttl: shorter(one.max_wrapping_ttl, other.max_wrapping_ttl),
    allowed_parameters: mergeParameters(one.allowed_parameters, other.allowed_parameters),
    denied_parameters: mergeParameters(one.denied_parameters, other.denied_parameters),
    required_parameters: [...new Set([...one.required_parameters, ...other.required_parameters])],
  };
}

/** The shorter of two times; zero means that there is none. */
function shorter(one: Seconds, other: Seconds): Seconds {
  if (one <= 0 || other <= 0) return seconds(Math.max(one, other));
  return seconds(Math.min(one, other));
}

/** An empty list means every value, so it swallows the others. */
function mergeParameters(one: Parameters, other: Parameters): Parameters {
  if (other.size === 0) return one;
  const merged = new Map(one);
  for (const [name, values] of other) {
    const known = merged.get(name);
    const isOpen = values.length === 0 || known?.length === 0;
    merged.set(name, isOpen ? [] : [...values, ...(known ?? [])]);
  }
  return merged;
}
