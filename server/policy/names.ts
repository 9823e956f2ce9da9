// Names of policies: one form for all who compare them, and the names that are not for everybody.

/** Cannot be written or deleted. */
export const IMMUTABLE_POLICIES: readonly string[] = ['root', 'response-wrapping', 'control-group'];

/** Never listed, never given to a token by name. */
export const NON_ASSIGNABLE_POLICIES: readonly string[] = ['response-wrapping', 'control-group'];

/** The form in which names are stored and compared: ` Root` and `root` are one policy. */
export const policyName = (raw: string): string => raw.trim().toLowerCase();

/** Whether a policy may have this name: not empty, and not one that changes its meaning as part of a path. */
export function isPolicyName(name: string): boolean {
  if (name === '' || name !== policyName(name)) return false;
  return name.split('/').every((segment) => !['', '.', '..'].includes(segment));
}
