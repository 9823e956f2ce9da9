// The policies that a token is given.
import { sanitizePolicies } from '#sdk/policies.ts';

export const DEFAULT = 'default';

/** With `default` among them, but beside root, which stands alone. */
export function addDefault(names: readonly string[]): readonly string[] {
  return sanitizePolicies([...names, DEFAULT]);
}

/** The policies of a login: everybody has `default` unless it is left away. */
export function withDefault(names: readonly string[], noDefault: boolean): readonly string[] {
  return noDefault ? sanitizePolicies(names).filter((name) => name !== DEFAULT) : addDefault(names);
}
