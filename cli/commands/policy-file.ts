// The text of a policy, from a file or from standard input.
import { messageOf, serverFailure } from '../failure.ts';
import type { Host } from '../host.ts';
import { expandHome, readText } from '../input/files.ts';

export function readPolicy(typed: string, host: Host): string {
  const path = typed.trim();
  if (path === '-') return host.readStdin();
  try {
    return readText(expandHome(path, host));
  } catch (error) {
    throw serverFailure(`Error opening policy file: ${messageOf(error)}`);
  }
}
