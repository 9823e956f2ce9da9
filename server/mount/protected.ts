// The paths that belong to the server itself.

/** No other mount can be at or below these, and what is there can be neither moved nor disabled. */
const PROTECTED_PATHS: readonly string[] = ['audit/', 'auth/', 'sys/', 'cubbyhole/', 'identity/'];
/** What cannot be tuned; auth methods can. */
const UNTUNABLE_PATHS: readonly string[] = ['audit/', 'sys/', 'cubbyhole/', 'identity/'];
/** The auth method that is always there. */
export const TOKEN_PATH = 'auth/token/';

export const isProtected = (path: string): boolean =>
  PROTECTED_PATHS.some((prefix) => path.startsWith(prefix));

export const isUntunable = (path: string): boolean =>
  UNTUNABLE_PATHS.some((prefix) => path.startsWith(prefix));
