// How a new node proves to the active one that it was given the shares of the key, without showing anything of them, and
// is told in return what it needs to take part.
//
// The challenge is a random number that only its issuer can have signed, for one server id, for a short time. Beside it
// is the root key as the seal stores it, under a key that only the shares make. The answer is a proof under a key that
// only the root key makes, over the challenge and everything that is asked for. What comes back is encrypted under a key
// that is agreed on for this one answer (X25519) and made with the root key too, so that neither who listens today nor
// who learns the shares later can read it.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';
import type { Millis } from '#sdk/clock.ts';

const NONCE_BYTES = 32;
const EXPIRY_BYTES = 8;
const MAC_BYTES = 32;
const PUBLIC_BYTES = 32;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const VERSION = 1;
const TOKEN_BYTES = NONCE_BYTES + EXPIRY_BYTES + MAC_BYTES;
const ANSWER_BYTES = TOKEN_BYTES + PUBLIC_BYTES + MAC_BYTES;
/** Each key encrypts one message. */
const ONLY_IV = Buffer.alloc(12);

/** For what the keys of a proof and of a reply are derived from the root key. */
export const PROOF_CONTEXT = 'coffer raft join: proof';
export const REPLY_CONTEXT = 'coffer raft join: reply';

/** Everything that a new node asks for. A proof for one says nothing for another. */
export interface JoinTerms {
  readonly serverId: string;
  readonly clusterAddress: string;
  readonly nonVoter: boolean;
}

/** A challenge as its issuer signs it: a number, when it ends, and the signature. */
export function makeToken(secret: KeyObject, serverId: string, expiry: Millis): Buffer {
  const end = Buffer.alloc(EXPIRY_BYTES);
  end.writeDoubleBE(expiry);
  const signed = Buffer.concat([randomBytes(NONCE_BYTES), end]);
  return Buffer.concat([signed, tokenMac(secret, signed, serverId)]);
}

/** When a challenge ends; `undefined` for one that was not issued under `secret` to this server. */
export function expiryOf(secret: KeyObject, serverId: string, token: Buffer): number | undefined {
  const signed = token.subarray(0, NONCE_BYTES + EXPIRY_BYTES);
  const isOurs = timingSafeEqual(tokenMac(secret, signed, serverId), token.subarray(-MAC_BYTES));
  return isOurs ? signed.readDoubleBE(NONCE_BYTES) : undefined;
}

const tokenMac = (secret: KeyObject, signed: Buffer, serverId: string): Buffer =>
  macOf(secret, [Buffer.from('coffer raft join: challenge'), signed, Buffer.from(serverId)]);

export const encodeChallenge = (token: Buffer, storedRootKey: Uint8Array): string =>
  Buffer.concat([Buffer.from([VERSION]), token, storedRootKey]).toString('base64');

export interface Challenge {
  readonly token: Buffer;
  readonly storedRootKey: Buffer;
}

/** `undefined` for what is no challenge of a server like this. */
export function decodeChallenge(text: string): Challenge | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes[0] !== VERSION || bytes.length <= 1 + TOKEN_BYTES) return undefined;
  return {
    token: bytes.subarray(1, 1 + TOKEN_BYTES),
    storedRootKey: bytes.subarray(1 + TOKEN_BYTES),
  };
}

/** The two keys that only the root key makes. */
export interface JoinKeys {
  readonly proof: KeyObject;
  readonly reply: KeyObject;
}

/** The new node's half of an exchange. */
export interface Proof {
  /** What is sent. */
  readonly answer: Buffer;
  /** What came back for it; `undefined` when it is not from somebody with the root key, or not for this answer. */
  readonly openReply: (sealed: Buffer) => Buffer | undefined;
}

export function prove(keys: JoinKeys, token: Buffer, terms: JoinTerms): Proof {
  const own = generateKeyPairSync('x25519');
  const shown = Buffer.concat([token, rawPublic(own.publicKey)]);
  const answer = Buffer.concat([shown, proofOf(keys.proof, shown, terms)]);
  return {
    answer,
    openReply: (sealed) => {
      if (sealed.length < PUBLIC_BYTES + TAG_BYTES) return undefined;
      try {
        const theirs = publicOf(sealed.subarray(0, PUBLIC_BYTES));
        return open(replyKey(keys.reply, own.privateKey, theirs, answer), sealed);
      } catch {
        return undefined; // a point with which nothing can be agreed on, or a tag that is wrong
      }
    },
  };
}

/** An answer in its parts; `undefined` for bytes that can be none. */
export function tokenOfAnswer(answer: Buffer): Buffer | undefined {
  return answer.length === ANSWER_BYTES ? answer.subarray(0, TOKEN_BYTES) : undefined;
}

/** Whether who made the answer has the root key and asks for just this; `answer` has the length of one. */
export function isProof(key: KeyObject, answer: Buffer, terms: JoinTerms): boolean {
  const shown = answer.subarray(0, -MAC_BYTES);
  return timingSafeEqual(proofOf(key, shown, terms), answer.subarray(-MAC_BYTES));
}

/** What only the maker of a proven answer can read. */
export function sealReply(key: KeyObject, answer: Buffer, plaintext: Buffer): Buffer {
  const own = generateKeyPairSync('x25519');
  const theirs = publicOf(answer.subarray(TOKEN_BYTES, TOKEN_BYTES + PUBLIC_BYTES));
  const shown = rawPublic(own.publicKey);
  const cipher = createCipheriv(
    'aes-256-gcm',
    replyKey(key, own.privateKey, theirs, answer),
    ONLY_IV,
  );
  cipher.setAAD(shown);
  const sealed = [shown, cipher.update(plaintext), cipher.final()];
  return Buffer.concat([...sealed, cipher.getAuthTag()]);
}

/** @throws Error when the tag is wrong */
function open(key: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, ONLY_IV, { authTagLength: TAG_BYTES });
  decipher.setAAD(sealed.subarray(0, PUBLIC_BYTES));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plaintext = decipher.update(sealed.subarray(PUBLIC_BYTES, -TAG_BYTES));
  try {
    decipher.final();
  } catch (error) {
    plaintext.fill(0);
    throw error;
  }
  return plaintext;
}

/** The answer is part of it, so a reply to one is no reply to another. */
function replyKey(key: KeyObject, own: KeyObject, theirs: KeyObject, answer: Buffer): Buffer {
  const shared = diffieHellman({ privateKey: own, publicKey: theirs });
  const salt = macOf(key, [shared]);
  shared.fill(0);
  return Buffer.from(hkdfSync('sha256', salt, '', answer, KEY_BYTES));
}

function proofOf(key: KeyObject, shown: Buffer, terms: JoinTerms): Buffer {
  const { serverId, clusterAddress, nonVoter } = terms;
  const texts = [serverId, clusterAddress].map((text) => Buffer.from(text));
  return macOf(key, [shown, ...texts, Buffer.from([nonVoter ? 1 : 0])]);
}

/** Each part behind its length, so that no two lists of parts are the same bytes. */
function macOf(key: KeyObject | Buffer, parts: readonly Buffer[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    mac.update(length).update(part);
  }
  return mac.digest();
}

const rawPublic = (key: KeyObject): Buffer =>
  Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');

const publicOf = (raw: Buffer): KeyObject =>
  createPublicKey({
    key: { kty: 'OKP', crv: 'X25519', x: raw.toString('base64url') },
    format: 'jwk',
  });
