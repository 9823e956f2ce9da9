// Which token a command of the group is about: the one that is used, one that is given, or one that is named by its accessor.
import { usageFailure } from '../../failure.ts';
import { boolFlag } from '../../flags.ts';

export const ACCESSOR_FLAG = {
  accessor: boolFlag('Treat the argument as an accessor instead of a token.'),
} as const;

/** The argument, or '' for the token that is used itself. An accessor must be given. */
export function tokenArgument(args: readonly string[], isAccessor: boolean): string {
  if (isAccessor && args.length < 1) {
    throw usageFailure(`Not enough arguments with -accessor (expected 1, got ${args.length})`);
  }
  if (isAccessor && args.length > 1) {
    throw usageFailure(`Too many arguments with -accessor (expected 1, got ${args.length})`);
  }
  if (args.length > 1) {
    throw usageFailure(`Too many arguments (expected 0-1, got ${args.length})`);
  }
  return (args[0] ?? '').trim();
}
