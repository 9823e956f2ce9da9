// What entries say of the mount that a request went to. Its version has another name in the request than in the response.
import type { Mount } from '../mount/mount.ts';
import type { Part } from './part.ts';

export function requestMount({ entry, runningVersion }: Mount): Part {
  return {
    mount_accessor: entry.accessor,
    mount_class: entry.kind,
    mount_point: entry.path,
    mount_running_version: runningVersion,
    mount_type: entry.type,
  };
}

export function responseMount({ entry, runningVersion }: Mount): Part {
  return {
    mount_accessor: entry.accessor,
    mount_class: entry.kind,
    mount_point: entry.path,
    mount_running_plugin_version: runningVersion,
    mount_type: entry.type,
  };
}
