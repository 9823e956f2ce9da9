// `vault transit`: keys from elsewhere are brought in, wrapped so that only the server can open them.
import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto';
import { text } from '../client/secret.ts';
import { type Command, defineCommand } from '../command.ts';
import { messageOf, orFail, usageFailure } from '../failure.ts';
import { readText } from '../input/files.ts';
import { dataArgument } from '../input/pairs.ts';

export const transitImport = importCommand(
  'import',
  'Imports a key into the transit or transform secrets engine.',
  'import',
);
export const transitImportVersion = importCommand(
  'import-version',
  'Imports a new version of a key that was imported before.',
  'import_version',
);

/** The initial value of AES key wrap with padding (RFC 5649). */
const KEY_WRAP_IV = Buffer.from('A65959A6', 'hex');
const EPHEMERAL_KEY_BYTES = 32;

function importCommand(name: string, about: string, operation: string): Command {
  return defineCommand({
    usage: `transit ${name} [options] PATH KEY [K=V...]`,
    about: `${about} KEY is the key in base64, or "@" and the path of a file with it. Options of the key, such as its type, follow as K=V.\n\n      $ vault transit ${name} transit/keys/my-key @path/to/key type=rsa-2048`,
    shared: ['http'],
    run: async ({ args, host, ui, connect }) => {
      const [path, typedKey, ...options] = args;
      if (path === undefined || typedKey === undefined) {
        throw usageFailure(`Incorrect argument count (expected 2+, got ${args.length})`);
      }
      const { mount, key: keyName } = keyPath(path);
      const key = decodeKey(typedKey);
      const data = dataArgument(options, host);
      const client = connect();
      ui.output('Retrieving wrapping key.');
      const wrapping = await orFail(
        'failed to fetch wrapping key',
        client.call('GET', `${mount}/wrapping_key`),
      );
      ui.output('Wrapping source key with ephemeral key.');
      const ephemeral = randomBytes(EPHEMERAL_KEY_BYTES);
      const wrappedKey = wrapKey(ephemeral, key);
      ui.output('Encrypting ephemeral key with wrapping key.');
      const wrappedEphemeral = seal(text(wrapping?.data?.['public_key']), ephemeral);
      ui.output('Submitting wrapped key.');
      const ciphertext = Buffer.concat([wrappedEphemeral, wrappedKey]).toString('base64');
      const request = client.write(`${mount}/keys/${keyName}/${operation}`, {
        ...data,
        ciphertext,
      });
      await orFail('failed to call import', request);
      ui.output('Success!');
      return 0;
    },
  });
}

function keyPath(path: string): { readonly mount: string; readonly key: string } {
  const [, mount, key] = /^\/?(.+)\/keys\/([^/]+)\/?$/.exec(path.trim()) ?? [];
  if (mount !== undefined && key !== undefined) return { mount, key };
  throw usageFailure('expected transit path and key name in the form :path:/keys/:name:');
}

/** What is wrong with a key is said without the key. */
function decodeKey(typed: string): Buffer {
  let encoded = typed;
  try {
    if (typed.startsWith('@')) encoded = readText(typed.slice(1));
  } catch (error) {
    throw usageFailure(`error reading source key file: ${messageOf(error)}`);
  }
  const compact = encoded.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) {
    throw usageFailure('error base64 decoding source key: illegal base64 data');
  }
  return Buffer.from(compact, 'base64');
}

function wrapKey(ephemeral: Buffer, key: Buffer): Buffer {
  const cipher = createCipheriv('id-aes256-wrap-pad', ephemeral, KEY_WRAP_IV);
  return Buffer.concat([cipher.update(key), cipher.final()]);
}

function seal(publicKey: string, ephemeral: Buffer): Buffer {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key: publicKey, padding, oaepHash: 'sha256' }, ephemeral);
}
