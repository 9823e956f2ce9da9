// The hashes that stand in the log in the place of secrets: HMAC-SHA256 under a key that each device has of its own.
import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';

/** As long as the output of the hash: a longer key adds nothing (RFC 2104, section 3). */
const SALT_BYTES = 32;

/** A new key, in the form in which the device table keeps it. */
export function newSalt(): string {
  return randomBytes(SALT_BYTES).toString('base64');
}

export class Salt {
  // A key object: node:crypto would otherwise prepare the key again for each hash, which takes six times as long.
  readonly #key: KeyObject;
  /** Of the empty text, which much data has somewhere. */
  readonly #empty: string;

  constructor(encoded: string) {
    this.#key = createSecretKey(encoded, 'base64');
    this.#empty = this.#hmac('');
  }

  hash(text: string): string {
    return text === '' ? this.#empty : this.#hmac(text);
  }

  #hmac(text: string): string {
    return `hmac-sha256:${createHmac('sha256', this.#key).update(text).digest('hex')}`;
  }
}

const TIME =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
const SHORTEST_TIME = '2006-01-02T15:04:05Z'.length;
const LONGEST_TIME = '2006-01-02T15:04:05.999999999-07:00'.length;

/** Whether a text is a moment in the form of RFC 3339. Those are no secrets and stay readable. */
export function isTime(text: string): boolean {
  // Nearly every text fails here, before the regular expression is asked.
  if (text.length < SHORTEST_TIME || text.length > LONGEST_TIME || text[10] !== 'T') return false;
  const found = TIME.exec(text);
  if (found === null) return false;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
