// Variables that are computed: {{base64:text}}, {{unbase64:name}}, {{totp:name}}, {{xor:encoded,otp}}.
import { createHmac } from 'node:crypto';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The value of a computed variable; undefined where the name is a plain one. `look` gives a saved value. */
export function computed(name: string, look: (name: string) => string): string | undefined {
  const [, kind = 'none', argument = ''] = /^([a-z0-9]+):(.*)$/s.exec(name) ?? [];
  switch (kind) {
    case 'base64':
      return Buffer.from(argument).toString('base64');
    case 'unbase64':
      return Buffer.from(look(argument), 'base64').toString();
    case 'totp':
      return passcode(new URL(look(argument)).searchParams);
    case 'xor': {
      const [encoded = '', otp = ''] = argument.split(',');
      return unmask(look(encoded), look(otp));
    }
    default:
      return undefined;
  }
}

/** A token that came masked with a one-time password, as generate-root gives it. */
function unmask(encoded: string, otp: string): string {
  const key = Buffer.from(otp);
  const masked = Buffer.from(encoded, 'base64');
  return Buffer.from(masked.map((byte, index) => byte ^ (key[index] ?? 0))).toString();
}

/** The passcode of this moment for the parameters of an otpauth address. */
function passcode(parameters: URLSearchParams): string {
  const counter = Buffer.alloc(8);
  const period = Number(parameters.get('period') ?? 30);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000 / period)));
  const algorithm = (parameters.get('algorithm') ?? 'SHA1').toLowerCase();
  const digest = createHmac(algorithm, fromBase32(parameters.get('secret') ?? ''))
    .update(counter)
    .digest();
  const digits = Number(parameters.get('digits') ?? 6);
  const truncated = digest.readUInt32BE((digest.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(truncated % 10 ** digits).padStart(digits, '0');
}

function fromBase32(text: string): Buffer {
  const letters = text.toUpperCase().replace(/=+$/, '').split('');
  const bits = letters.map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'));
  const bytes = bits.join('').match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}
