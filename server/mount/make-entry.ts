// A new line of the mount table, with everything that was not said filled in.
import { randomBytes, randomUUID } from 'node:crypto';
import { seconds } from '#sdk/duration.ts';
import type { MountConfig, MountEntry } from './entry.ts';

const ACCESSOR_BYTES = 4;

export interface NewMount extends Pick<MountEntry, 'kind' | 'path' | 'type'> {
  readonly description?: string;
  readonly local?: boolean;
  readonly sealWrap?: boolean;
  readonly externalEntropyAccess?: boolean;
  readonly options?: Readonly<Record<string, string>>;
  readonly config?: Partial<MountConfig>;
}

export function makeEntry(mount: NewMount): MountEntry {
  const prefix = mount.kind === 'auth' ? `auth_${mount.type}` : mount.type;
  return {
    description: '',
    local: false,
    sealWrap: false,
    externalEntropyAccess: false,
    options: {},
    ...mount,
    uuid: randomUUID(),
    accessor: `${prefix}_${randomBytes(ACCESSOR_BYTES).toString('hex')}`,
    config: {
      default_lease_ttl: seconds(0),
      max_lease_ttl: seconds(0),
      force_no_cache: false,
      ...(mount.kind === 'auth' ? { token_type: 'default-service' } : {}),
      ...mount.config,
    },
  };
}
