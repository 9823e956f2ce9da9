// The names that some token_* parameters had in Vault 1.1 and before. They are accepted still, and shown beside the new
// ones for as long as they were the last to be used.
// https://developer.hashicorp.com/vault/docs/upgrading/upgrade-to-1.2.0
import { sanitizePolicies } from './policies.ts';
import { decodeBlock, type SentTokenFields, type StoredTokenFields } from './token-fields.ts';

type Json = Readonly<Record<string, unknown>>;

/** Each old name of an auth method with its new one. */
export type OldNames = Readonly<Record<string, keyof StoredTokenFields>>;

/** The parameters together with the old names by which they were last set. */
export interface TokenSettings {
  readonly fields: StoredTokenFields;
  readonly oldNames: readonly string[];
}

/**
 * What is kept after `sent`, in which the new names have been followed already: an old name sets the new one unless
 * that was sent too, and a new name alone takes over from the old.
 *
 * @throws ClientError 400
 */
export function updateOldNames(
  names: OldNames,
  { fields, oldNames }: TokenSettings,
  sent: SentTokenFields & Json,
): TokenSettings {
  const used = new Set(oldNames);
  const set: [string, unknown][] = [];
  for (const [old, current] of Object.entries(names)) {
    const isNewSent = sent[current] !== undefined;
    const value = sent[old];
    if (value !== undefined) used.add(old);
    else if (isNewSent) used.delete(old);
    if (value !== undefined && !isNewSent) set.push([current, decoded(current, value)]);
  }
  return { fields: { ...fields, ...Object.fromEntries(set) }, oldNames: [...used] };
}

/** What a read shows: every parameter by its new name, and those with a value by the old name that set them. */
export function shownTokenFields(names: OldNames, { fields, oldNames }: TokenSettings): Json {
  const old = Object.entries(names)
    .filter(([name]) => oldNames.includes(name))
    .map(([name, current]) => [name, fields[current]] as const)
    .filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value)));
  return { ...fields, ...Object.fromEntries(old) };
}

/** By their old name, policies are put in order first. */
function decoded(name: keyof StoredTokenFields, value: unknown): unknown {
  if (name === 'token_policies') return sanitizePolicies(value as readonly string[]);
  if (name === 'token_bound_cidrs') return (value as readonly string[]).map(decodeBlock);
  return value;
}
