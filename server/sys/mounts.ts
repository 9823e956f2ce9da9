// sys/mounts and sys/remount: secrets engines enabled, shown, tuned, moved and disabled.
import { randomUUID } from 'node:crypto';
import { badRequest } from '#sdk/errors.ts';
import { name, path as wholePath, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import { findMove, moveMount } from '../mount/move.ts';
import {
  enableFields,
  listMounts,
  mountOperations,
  tuneFields,
  tuneOperations,
} from './mount-operations.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const all = path('mounts', {
  help: 'List the currently mounted backends.',
  isFlat: true,
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'List all secrets engines',
      handler: (call) => listMounts(call, 'secret'),
    },
  },
});

const one = path('mounts/{path...}', {
  help: 'Mount a new backend at a new path.\n\nMount a backend at a new path. A backend can be mounted multiple times at\nmultiple paths in order to configure multiple separately configured backends.',
  isFlat: true,
  fields: { path: wholePath('The path to mount to. Example: "aws/east"'), ...enableFields },
  operations: mountOperations('secret'),
});

const tune = path('mounts/{path...}/tune', {
  help: 'Tune the configuration parameters for this mount.',
  isFlat: true,
  fields: { path: wholePath('The path of the mount'), ...tuneFields },
  operations: tuneOperations('secret'),
});

const QUEUED =
  "Mount move has been queued. Progress will be reported in Vault's server log, tagged with the returned migration_id";

const remount = path('remount', {
  help: 'Move the mount point of an already-mounted backend, within or across namespaces',
  access: 'sudo',
  isFlat: true,
  fields: {
    from: text('The previous mount point').default(''),
    to: text('The new mount point').default(''),
  },
  operations: {
    write: {
      summary: 'Move a mount',
      handler: async ({ engine: { services, transaction, known }, data: { from, to }, warn }) => {
        if (from === '' || to === '') {
          throw badRequest("both 'from' and 'to' path must be specified as a string");
        }
        const id = randomUUID();
        await moveMount({ ...services, transaction, known }, { id, from, to });
        warn(QUEUED);
        return reply({ migration_id: id });
      },
    },
  },
});

const remountStatus = path('remount/status/{migration_id}', {
  help: 'Check the status of a mount move operation',
  fields: { migration_id: name('The ID of the mount migration operation') },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read how far a move has come',
      handler: ({ engine: { transaction }, data }) => {
        const move = findMove(transaction, data.migration_id);
        if (move === undefined) return undefined;
        const { id, source_mount, target_mount } = move;
        // A move is done before it is answered.
        const migration_info = { source_mount, target_mount, status: 'success' };
        return reply({ migration_id: id, migration_info });
      },
    },
  },
});

export const mountPaths = [all, one, tune, remount, remountStatus];
