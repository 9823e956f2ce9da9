// How a command ends early: a message for standard error and an exit code.
import { RequestPreview } from './client/preview.ts';

/** What was typed is wrong (a flag, an argument, a file). */
export const EXIT_USAGE = 1;
/** The server refused, or could not be reached. */
export const EXIT_SERVER = 2;

/** Ends the command: the message goes to standard error, the code to the shell. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const usageFailure = (message: string): Failure => new Failure(EXIT_USAGE, message);
export const serverFailure = (message: string): Failure => new Failure(EXIT_SERVER, message);

/** The result of `work`; where it throws, the command ends with `what: why`. */
export async function orFail<T>(
  what: string,
  work: Promise<T>,
  exitCode: number = EXIT_SERVER,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // A preview is no failure: it says what would have been sent, and is meant for the dispatcher.
    if (error instanceof RequestPreview) throw error;
    throw new Failure(exitCode, what === '' ? messageOf(error) : `${what}: ${messageOf(error)}`);
  }
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
