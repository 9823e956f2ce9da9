// Password policies: how long a password is, and which characters it has.
// https://developer.hashicorp.com/vault/docs/concepts/password-policies
import { randomInt } from 'node:crypto';
import { parseHcl } from '../hcl.ts';
import { blocks, lastValue } from '../hcl/read.ts';
import type { Body, Value } from '../hcl/values.ts';

/** The text cannot be a password policy. The message is for the client. */
export class PasswordPolicyError extends Error {
  override readonly name = 'PasswordPolicyError';
}

export interface PasswordPolicy {
  readonly length: number;
  readonly rules: readonly CharsetRule[];
}

interface CharsetRule {
  readonly charset: readonly string[];
  readonly minChars: number;
}

/** Vault's bounds. */
const LENGTH_MIN = 4;
const LENGTH_MAX = 100;

/** @throws PasswordPolicyError for what no password can meet */
export function parsePasswordPolicy(text: string): PasswordPolicy {
  const body = parseText(text);
  const length = numberOf(body, 'length');
  const rules = blocks(body, 'rule', 1).map(({ labels: [type = ''], body: rule }) => {
    if (type !== 'charset') throw invalid(`unrecognized rule type "${type}"`);
    return parseCharset(rule);
  });
  if (length <= 0) throw invalid('length must be > 0');
  if (rules.length === 0) throw invalid('no charset specified');
  const required = rules.reduce((sum, { minChars }) => sum + minChars, 0);
  if (required > length) {
    throw invalid(
      `specified rules require at least ${required} characters but ${length} is specified`,
    );
  }
  if (length < LENGTH_MIN || length > LENGTH_MAX) {
    throw new PasswordPolicyError(
      `passwords must be between ${LENGTH_MIN} and ${LENGTH_MAX} characters`,
    );
  }
  return { length, rules };
}

/** What each rule asks for, the rest from all charsets together, all of it shuffled. */
export function generatePassword({ length, rules }: PasswordPolicy): string {
  const all = [...new Set(rules.flatMap(({ charset }) => charset))];
  const required = rules.flatMap(({ charset, minChars }) => pickMany(charset, minChars));
  const characters = [...required, ...pickMany(all, length - required.length)];
  for (let last = characters.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    const moved = characters[last] ?? '';
    characters[last] = characters[other] ?? '';
    characters[other] = moved;
  }
  return characters.join('');
}

function pickMany(charset: readonly string[], count: number): string[] {
  return Array.from({ length: count }, () => charset[randomInt(charset.length)] ?? '');
}

function parseText(text: string): Body {
  try {
    return parseHcl(text);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'unable to decode');
  }
}

function parseCharset(body: Body): CharsetRule {
  const value = lastValue(body, 'charset');
  const charset = value?.type === 'text' ? [...new Set(value.value)] : [];
  if (charset.length === 0) throw invalid('charset cannot be empty');
  if (charset.some((character) => /\p{C}/u.test(character))) {
    throw invalid('non-printable character in charset');
  }
  return { charset, minChars: Math.max(0, numberOf(body, 'min-chars')) };
}

function numberOf(body: Body, name: string): number {
  const value: Value | undefined = lastValue(body, name);
  if (value === undefined) return 0;
  const number =
    value.type === 'number' || value.type === 'text' ? Number(value.value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw invalid(`${name} must be a whole number`);
  return number;
}

const invalid = (reason: string): PasswordPolicyError =>
  new PasswordPolicyError(`invalid password policy: ${reason}`);
