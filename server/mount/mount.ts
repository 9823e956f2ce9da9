// One running mount: its entry, its engine, and where its storage is.
import type { MountFacts } from '#sdk/call.ts';
import type { Engine } from '#sdk/engine.ts';
import type { Path } from '#sdk/path.ts';
import type { MountEntry } from './entry.ts';

export interface Mount {
  readonly entry: MountEntry;
  readonly facts: MountFacts;
  readonly engine: Engine;
  /** What sys/mounts shows as `running_plugin_version` and audit as `mount_running_version`. */
  readonly runningVersion: string;
  /** What every handler of the engine receives as `engine`. */
  readonly instance: unknown;
  readonly find: (relativePath: string) => Target | undefined;
  /** Whether handlers get the services of the server (`System`) in the place of an engine of their own. */
  readonly isSystem: boolean;
  /** The prefix of its keys in storage, with a slash at the end. */
  readonly storagePrefix: string;
}

/** The declared path that a URL below a mount is of. */
export interface Target {
  readonly path: Path;
  readonly captures: Readonly<Record<string, string>>;
}
