// What a method of `vault login` is: from what was typed to the answer of the server.
import type { Client } from '../../client/client.ts';
import type { Secret } from '../../client/secret.ts';
import type { Host } from '../../host.ts';

export interface LoginRequest {
  readonly client: Client;
  /** Where the method is mounted below `auth/`. */
  readonly mount: string;
  /** What was typed as `key=value`. */
  readonly config: Readonly<Record<string, string>>;
  readonly host: Host;
  /** Whether there is somebody to ask. */
  readonly isInteractive: boolean;
}

export interface LoginMethod {
  /** For `vault auth help`. */
  readonly help: string;
  /** Throws where the server refuses, or something is missing that nobody can be asked for. */
  login(request: LoginRequest): Promise<Secret | undefined>;
}
