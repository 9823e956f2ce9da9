// The few forms of DER (ITU-T X.690) that a certificate is made of. What is encoded is the server's own; nothing is read.
import { assert } from '#sdk/errors.ts';

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Lengths up to here are one byte. */
const SHORT_LENGTH_MAX = 0x7f;
const LONG_LENGTH = 0x80;

/** A value under a tag of the caller's: context-specific ones, and times. */
export function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(TAG.sequence, ...parts);

/** Of one element, so that there is nothing to sort. */
export const setOf = (part: Uint8Array): Buffer => tagged(TAG.set, part);

export const octetString = (bytes: Uint8Array): Buffer => tagged(TAG.octetString, bytes);

export const utf8String = (text: string): Buffer => tagged(TAG.utf8String, Buffer.from(text));

/** DER leaves out what is the default, and everywhere in a certificate that is false. */
export const yes = (): Buffer => tagged(TAG.boolean, Buffer.from([0xff]));

/** @param unusedBits how many of the last bits mean nothing */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  tagged(TAG.bitString, Buffer.from([unusedBits]), bytes);

/** A number that is not negative, from its bytes: as few as there can be, the first bit a sign. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? Buffer.from([0]) : bytes.subarray(first);
  const sign = (digits[0] ?? 0) > SHORT_LENGTH_MAX ? [0] : [];
  return tagged(TAG.integer, Buffer.from(sign), digits);
}

/** @param dotted like `2.5.29.17` */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  assert(first <= 2 && second < 40, 'the identifiers of certificates begin so');
  return tagged(
    TAG.objectIdentifier,
    Buffer.from([first * 40 + second, ...others.flatMap(base128)]),
  );
}

function base128(number: number): number[] {
  const digits = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift((rest % 128) + 128);
  }
  return digits;
}

function lengthOf(length: number): Buffer {
  if (length <= SHORT_LENGTH_MAX) return Buffer.from([length]);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.from([LONG_LENGTH + digits.length, ...digits]);
}
