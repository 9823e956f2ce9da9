// How many arguments a command takes, and paths as users write them.
import { usageFailure } from '../failure.ts';

/** Throws unless there are as many arguments as a command takes. */
export function expectArguments(args: readonly string[], least: number, most = least): void {
  const expected = least === most ? String(least) : `${least}-${most}`;
  if (args.length < least) {
    throw usageFailure(`Not enough arguments (expected ${expected}, got ${args.length})`);
  }
  if (args.length > most) {
    throw usageFailure(`Too many arguments (expected ${expected}, got ${args.length})`);
  }
}

/** The only argument. */
export function onlyArgument(args: readonly string[]): string {
  expectArguments(args, 1);
  return args[0] ?? '';
}

/** A path without blanks around it and slashes at its ends. */
export const sanitizePath = (path: string): string => path.trim().replaceAll(/^\/+|\/+$/g, '');

/** A path that ends in exactly the slash by which mounts are named. */
export function withSlash(path: string): string {
  const trimmed = path.trim().replace(/\/+$/, '');
  return trimmed === '' ? '' : `${trimmed}/`;
}
