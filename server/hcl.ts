// HCL version 1, the language of policies and of the configuration file, and the same things written as JSON.
import { parseJson } from './hcl/json.ts';
import { tokenize } from './hcl/lexer.ts';
import { Parser } from './hcl/parser.ts';
import { HclError } from './hcl/position.ts';
import type { Body } from './hcl/values.ts';

/** A document that is longer is refused unread: no stored policy may be larger than one storage entry. */
const MAX_LENGTH = 1_048_576;

/** Reads a document; it is JSON if the first thing in it is a brace. Throws an HclError. */
export function parseHcl(text: string): Body {
  if (text.length > MAX_LENGTH) throw new HclError(`longer than ${MAX_LENGTH} characters`);
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  return /^\s*\{/.test(source) ? parseJson(source) : new Parser(tokenize(source)).document();
}
