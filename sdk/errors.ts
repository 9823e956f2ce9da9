// The one error that a client may see, and the assertions that are about us. (house style: who must act?)

/** An error whose status and messages the client may see. Nothing else ever reaches a client. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly status: number;
  readonly errors: readonly string[];
  /** Vault collects this error with others, and says how many there are, on every path that needs a token. */
  readonly isCollected: boolean;

  constructor(status: number, errors: string | readonly string[], options?: ClientErrorOptions) {
    const list = typeof errors === 'string' ? [errors] : errors;
    super(list.join('; '), options);
    this.status = status;
    this.errors = list;
    this.isCollected = options?.isCollected ?? false;
  }
}

export interface ClientErrorOptions extends ErrorOptions {
  readonly isCollected?: boolean;
}

const COLLECTED = { isCollected: true } as const;

export const badRequest = (message: string): ClientError => new ClientError(400, message);
export const permissionDenied = (): ClientError => new ClientError(403, 'permission denied');
/** A token that is unknown or has ended: Vault 1.17 and later say both; no token at all is a plain denial. */
export const invalidToken = (): ClientError =>
  new ClientError(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n');
/** Vault answers 404 with an empty list. */
export const notFound = (): ClientError => new ClientError(404, []);
export const unsupportedPath = (): ClientError =>
  new ClientError(404, 'unsupported path', COLLECTED);
export const unsupportedOperation = (): ClientError =>
  new ClientError(405, 'unsupported operation', COLLECTED);
/** A failure that Vault reports as its own (500) although the caller could mend it. */
export const serverError = (message: string): ClientError =>
  new ClientError(500, message, COLLECTED);
/** A mistake of the caller that Vault reports in its collected form. */
export const invalidRequest = (message: string): ClientError =>
  new ClientError(400, message, COLLECTED);

/** One message in the form that Vault's collected errors have (Go's multierror). */
export function oneError(message: string): string {
  return `1 error occurred:\n\t* ${message}\n\n`;
}

/** A rule of our own is broken: a bug, never a client's mistake. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** For the branch of a `switch` that the types rule out. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected ${typeof value}`);
}
