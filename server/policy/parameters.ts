// Whether a request's data is what the rule for its path lets pass.
import { matchesEnds } from '#sdk/glob.ts';
import { policyName } from './names.ts';
import type { Limits, Parameters } from './policy.ts';

export type RequestData = Readonly<Record<string, unknown>>;

/** Which parameter is not as the rule wants it. Its value is nobody's business. */
export interface Refusal {
  readonly parameter: string;
  readonly problem: 'missing' | 'denied' | 'not allowed';
}

/** Stands for every name of a parameter; values beside it do not count. */
const EVERY_NAME = '*';

/** Parameters that name policies, which are one and the same in any case and with spaces around them. */
const NAMES_OF_POLICIES: ReadonlySet<string> = new Set([
  'policies',
  'token_policies',
  'allowed_policies',
]);

/** The first thing wrong with the data, if anything is. */
export function refusalOf(limits: Limits, data: RequestData): Refusal | undefined {
  const { required_parameters, denied_parameters, allowed_parameters } = limits;
  for (const parameter of required_parameters) {
    if (!Object.hasOwn(data, parameter.toLowerCase())) return { parameter, problem: 'missing' };
  }
  const names = Object.keys(data);
  const denied = names.find((name) => isDenied(denied_parameters, name, data[name]));
  if (denied !== undefined) return { parameter: denied, problem: 'denied' };
  if (allowed_parameters.size === 0) return undefined;
  const refused = names.find((name) => !isAllowed(allowed_parameters, name, data[name]));
  return refused === undefined ? undefined : { parameter: refused, problem: 'not allowed' };
}

function isDenied(denied: Parameters, name: string, value: unknown): boolean {
  if (denied.has(EVERY_NAME)) return true;
  const key = name.toLowerCase();
  const values = denied.get(key);
  if (values === undefined) return false;
  if (values.length === 0 || isAmong(value, values)) return true;
  const elements = elementsOf(value).map((one) => canonical(key, one));
  return elements.some((element) => isAmong(element, values));
}

function isAllowed(allowed: Parameters, name: string, value: unknown): boolean {
  const values = allowed.get(name.toLowerCase());
  if (values === undefined) return allowed.has(EVERY_NAME);
  if (values.length === 0 || isAmong(value, values)) return true;
  // An empty list is not "every element is allowed": without policies, say, a token gets those of its parent.
  return (
    Array.isArray(value) && value.length > 0 && value.every((element) => isAmong(element, values))
  );
}

/** One by one, what a value asks for: the elements of a list, the parts of a text with commas, itself. */
function elementsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'string') return [];
  return value.split(',').map((part) => part.trim());
}

const canonical = (parameter: string, value: unknown): unknown =>
  typeof value === 'string' && NAMES_OF_POLICIES.has(parameter) ? policyName(value) : value;

function isAmong(value: unknown, values: readonly unknown[]): boolean {
  return values.some((candidate) =>
    typeof candidate === 'string' && typeof value === 'string'
      ? matchesEnds(candidate, value)
      : isSame(candidate, value),
  );
}

/** Numbers are never the same: those of policies and those of requests are of different types in Vault. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one === 'string' || typeof one === 'boolean') return one === other;
  if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
  return one.every((element, index) => isSame(element, other[index]));
}
