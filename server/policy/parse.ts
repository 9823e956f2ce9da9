// The text of a policy, HCL or JSON, to its rules. Errors have Vault's words.
import { parseDurationSeconds, type Seconds } from '#sdk/duration.ts';
import { parseHcl } from '../hcl.ts';
import { HclError } from '../hcl/position.ts';
import { blocks, lastValue, plain, type Block } from '../hcl/read.ts';
import type { Body, Value } from '../hcl/values.ts';
import {
  fromNames,
  has,
  isCapability,
  type Capabilities,
  type Capability,
} from './capabilities.ts';
import { parsePath, type PathTemplate } from './pattern.ts';
import { NO_LIMITS, type Limits, type Parameters, type Policy, type Rule } from './policy.ts';

/** The text cannot be a policy. The message is for the client. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

const TOP_LEVEL_KEYS: ReadonlySet<string> = new Set(['name', 'path']);

/** `mfa_methods`, `control_group` and `subscribe_event_types` belong to another edition: read over, as Vault does. */
const RULE_KEYS: ReadonlySet<string> = new Set([
  'comment',
  'policy',
  'capabilities',
  'allowed_parameters',
  'denied_parameters',
  'required_parameters',
  'min_wrapping_ttl',
  'max_wrapping_ttl',
  'mfa_methods',
  'control_group',
  'subscribe_event_types',
]);

/** What the four words meant before there were capabilities. */
const OLD_POLICIES: ReadonlyMap<string, readonly Capability[]> = new Map([
  ['deny', ['deny']],
  ['read', ['read', 'list']],
  ['write', ['create', 'read', 'update', 'delete', 'list']],
  ['sudo', ['create', 'read', 'update', 'delete', 'list', 'sudo']],
]);

/** Reads a policy; the name is the one it is stored under, whatever the text says. */
export function parsePolicy(name: string, text: string): Policy {
  try {
    const body = parseHcl(text);
    refuseUnknownKeys(body, TOP_LEVEL_KEYS);
    const rules = blocks(body, 'path', 1).map(parseRule);
    return { name, rules, isTemplated: rules.some((rule) => rule.template.isTemplated) };
  } catch (error) {
    if (!(error instanceof PolicyError) && !(error instanceof HclError)) throw error;
    throw new PolicyError(`failed to parse policy: ${error.message}`, { cause: error });
  }
}

function parseRule({ labels: [path = 'path'], body }: Block): Rule {
  const template = parseRulePath(path);
  refuseUnknownKeys(body, RULE_KEYS, path);
  const capabilities = parseCapabilities(path, body);
  const limits = has(capabilities, 'deny') ? NO_LIMITS : parseLimits(path, body);
  return { path, template, capabilities, limits };
}

function parseRulePath(path: string): PathTemplate {
  const template = validTemplate(path);
  if (path.includes('+*')) {
    const shown = quote(path.replace(/^\//, ''));
    throw new PolicyError(`path ${shown}: invalid use of wildcards ('+*' is forbidden)`);
  }
  return template;
}

function validTemplate(path: string): PathTemplate {
  try {
    return parsePath(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolicyError(`failed to validate policy templating: ${reason}`, { cause: error });
  }
}

function parseCapabilities(path: string, body: Body): Capabilities {
  const names = textsOf(path, body, 'capabilities').map((name) => {
    if (isCapability(name)) return name;
    throw new PolicyError(`path ${quote(path)}: invalid capability ${quote(name)}`);
  });
  return fromNames([...names, ...oldCapabilities(path, body)]);
}

function oldCapabilities(path: string, body: Body): readonly Capability[] {
  const value = lastValue(body, 'policy');
  const word = value === undefined ? '' : textOf(path, 'policy', value);
  const capabilities = word === '' ? [] : OLD_POLICIES.get(word);
  if (capabilities !== undefined) return capabilities;
  throw new PolicyError(`path ${quote(path)}: invalid policy ${quote(word)}`);
}

function parseLimits(path: string, body: Body): Limits {
  const limits = {
    allowed_parameters: parseParameters(path, body, 'allowed_parameters'),
    denied_parameters: parseParameters(path, body, 'denied_parameters'),
    required_parameters: textsOf(path, body, 'required_parameters'),
    min_wrapping_ttl: parseTtl(body, 'min_wrapping_ttl'),
    max_wrapping_ttl: parseTtl(body, 'max_wrapping_ttl'),
  };
  const { min_wrapping_ttl: min, max_wrapping_ttl: max } = limits;
  if (min !== 0 && max !== 0 && max < min) {
    throw new PolicyError('max_wrapping_ttl cannot be less than min_wrapping_ttl');
  }
  return limits;
}

function parseTtl(body: Body, name: string): Seconds {
  const value = lastValue(body, name);
  if (value === undefined) return 0 as Seconds;
  try {
    if (value.type === 'number') return parseDurationSeconds(Math.trunc(value.value));
    return parseDurationSeconds(String(plain(value)));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PolicyError(`error parsing ${name}: ${reason}`, { cause: error });
  }
}

/** Several blocks of the name are one map; a value that is no list is a list of one. */
function parseParameters(path: string, body: Body, name: string): Parameters {
  const parameters = new Map<string, readonly unknown[]>();
  for (const { keys, value } of body.entries) {
    if (keys[0]?.text !== name) continue;
    for (const entry of entriesOf(path, name, value)) {
      const key = entry.keys[0]?.text.toLowerCase() ?? '';
      const values = entry.value.type === 'list' ? entry.value.items : [entry.value];
      parameters.set(key, [...(parameters.get(key) ?? []), ...values.map(plain)]);
    }
  }
  return parameters;
}

function entriesOf(path: string, name: string, value: Value): Body['entries'] {
  const bodies = value.type === 'list' ? value.items : [value];
  return bodies.flatMap((body) => {
    if (body.type === 'body') return body.entries;
    throw wrongType(path, name, value);
  });
}

function textsOf(path: string, body: Body, name: string): readonly string[] {
  const value = lastValue(body, name);
  if (value === undefined) return [];
  const items = value.type === 'list' ? value.items : [value];
  return items.map((item) => textOf(path, name, item));
}

function textOf(path: string, name: string, value: Value): string {
  if (value.type === 'text') return value.value;
  if (value.type === 'number') return value.text;
  throw wrongType(path, name, value);
}

function wrongType(path: string, name: string, { at }: Value): PolicyError {
  const { message } = new HclError(`${name}: wrong type of value`, at);
  return new PolicyError(`path ${quote(path)}: ${message}`);
}

function refuseUnknownKeys(body: Body, known: ReadonlySet<string>, path?: string): void {
  const prefix = path === undefined ? '' : `path ${quote(path)}: `;
  const errors = body.entries.flatMap(({ keys: [key] }) => {
    if (key === undefined || known.has(key.text)) return [];
    return [`${prefix}invalid key ${quote(key.text)} on line ${key.at.line}`];
  });
  if (errors.length > 0) throw new PolicyError(listed(errors));
}

/** The form in which Vault joins several errors. */
function listed(errors: readonly string[]): string {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  return `${count} occurred:\n${errors.map((error) => `\t* ${error}\n`).join('')}\n`;
}

const quote = (text: string): string => JSON.stringify(text);
