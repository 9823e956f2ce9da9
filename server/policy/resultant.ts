// Views of a whole ACL: what the user interface is told, and what lies below a mount.
import { has, NONE, toNames, type Capability } from './capabilities.ts';
import { ANY, type Pattern } from './pattern.ts';
import type { Permissions } from './permissions.ts';

/** The answer of sys/internal/ui/resultant-acl. Shapes (`kv/+/x`) are not part of it. */
export type ResultantAcl =
  | { readonly root: true }
  | {
      readonly root: false;
      readonly exact_paths: Readonly<Record<string, ResultantRule>>;
      readonly glob_paths: Readonly<Record<string, ResultantRule>>;
    };

export interface ResultantRule {
  readonly capabilities: readonly Capability[];
  readonly min_wrapping_ttl?: number;
  readonly max_wrapping_ttl?: number;
  readonly allowed_parameters?: Readonly<Record<string, readonly unknown[]>>;
  readonly denied_parameters?: Readonly<Record<string, readonly unknown[]>>;
  readonly required_parameters?: readonly string[];
}

export function resultantAcl(all: readonly Permissions[]): ResultantAcl {
  const ofType = (type: Pattern['type']): Readonly<Record<string, ResultantRule>> =>
    Object.fromEntries(
      all
        .filter(({ pattern }) => pattern.type === type)
        .map((permissions) => [permissions.pattern.path, resultantRule(permissions)] as const),
    );
  return { root: false, exact_paths: ofType('exact'), glob_paths: ofType('prefix') };
}

function resultantRule({ capabilities, limits }: Permissions): ResultantRule {
  const { min_wrapping_ttl, max_wrapping_ttl, required_parameters } = limits;
  const { allowed_parameters, denied_parameters } = limits;
  return {
    capabilities: toNames(capabilities),
    ...(min_wrapping_ttl > 0 && { min_wrapping_ttl }),
    ...(max_wrapping_ttl > 0 && { max_wrapping_ttl }),
    ...(allowed_parameters.size > 0 && {
      allowed_parameters: Object.fromEntries(allowed_parameters),
    }),
    ...(denied_parameters.size > 0 && { denied_parameters: Object.fromEntries(denied_parameters) }),
    ...(required_parameters.length > 0 && { required_parameters }),
  };
}

/** Whether the rule grants something for a path that begins with the mount's (`kv/`). */
export function isBelow({ pattern, capabilities }: Permissions, mountPath: string): boolean {
  if (capabilities === NONE || has(capabilities, 'deny')) return false;
  return pattern.type === 'shape'
    ? reaches(pattern, mountPath)
    : pattern.path.startsWith(mountPath);
}

/** Whether the shape begins like the mount's path does, as far as either goes. */
function reaches(shape: Extract<Pattern, { readonly type: 'shape' }>, mountPath: string): boolean {
  const wanted = mountPath.replace(/\/$/, '').split('/');
  const last = shape.segments.length - 1;
  for (const [index, name] of wanted.entries()) {
    const segment = shape.segments[index];
    if (segment === undefined) return false;
    if (shape.isPrefix && index === last) return segment !== ANY && name.startsWith(segment);
    if (segment !== ANY && segment !== name) return false;
  }
  return true;
}
