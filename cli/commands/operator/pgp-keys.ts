// Public PGP keys that unseal keys shall be encrypted with, as the API takes them: binary, in base64.
import { messageOf, usageFailure } from '../../failure.ts';
import type { Host } from '../../host.ts';
import { expandHome, readBytes } from '../../input/files.ts';

/** The keys in files that are named with commas between them. */
export const readPgpKeys = (names: string, host: Host): readonly string[] =>
  names.split(',').map((name) => readPgpKey(name.trim(), host));

function readPgpKey(name: string, host: Host): string {
  if (name.startsWith('keybase:')) {
    throw usageFailure(
      `invalid value for a PGP key: ${name} would have to be fetched; name a file`,
    );
  }
  let content: Buffer;
  try {
    content = readBytes(expandHome(name.replace(/^@/, ''), host));
  } catch (error) {
    throw usageFailure(`error reading PGP key: ${messageOf(error)}`);
  }
  const text = content.toString();
  const armored = /-----BEGIN PGP PUBLIC KEY BLOCK-----([\s\S]*?)-----END/.exec(text);
  if (armored !== null) return unarmor(armored[1] ?? '');
  return /^[A-Za-z0-9+/=\s]+$/.test(text) ? text.replaceAll(/\s/g, '') : content.toString('base64');
}

/** What is between the headers and the checksum, which begins with an equals sign. */
function unarmor(block: string): string {
  const [, ...body] = block.replaceAll('\r', '').split('\n\n');
  return body
    .join('')
    .replace(/\n=[A-Za-z0-9+/]{4}\s*$/, '')
    .replaceAll(/\s/g, '');
}
