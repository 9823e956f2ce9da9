// Wraps key material the way transit's import wants it: an ephemeral AES key under RSA-OAEP, the key
// itself under AES-KWP (RFC 5649).
import {
  constants,
  createCipheriv,
  createPrivateKey,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

const KWP_IV = Buffer.from('a65959a6', 'hex');

/** `key` is base64 of a symmetric key, or a private key in PEM (wrapped as PKCS#8). */
export function wrapKey(key: string, wrappingKey: string, hash = 'sha256'): string {
  const material = key.includes('-----BEGIN ')
    ? createPrivateKey(key).export({ type: 'pkcs8', format: 'der' })
    : Buffer.from(key, 'base64');
  const ephemeral = randomBytes(32);
  const kwp = createCipheriv('id-aes256-wrap-pad', ephemeral, KWP_IV);
  const wrapped = Buffer.concat([kwp.update(material), kwp.final()]);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const sealed = publicEncrypt({ key: wrappingKey, padding, oaepHash: hash }, ephemeral);
  return Buffer.concat([sealed, wrapped]).toString('base64');
}
