// sys/auth: auth methods enabled, shown, tuned and disabled.
import { path as wholePath } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import {
  enableFields,
  listMounts,
  mountOperations,
  tuneFields,
  tuneOperations,
} from './mount-operations.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const all = path('auth', {
  help: 'List the currently enabled credential backends.',
  isFlat: true,
  fields: {},
  operations: {
    read: {
      standby: 'serve',
      summary: 'List all auth methods',
      handler: (call) => listMounts(call, 'auth'),
    },
  },
});

const one = path('auth/{path...}', {
  help: 'Enable a new credential backend with a name.\n\nEnable a credential mechanism at a new path. A backend can be mounted multiple times at\nmultiple paths in order to configure multiple separately configured backends.',
  access: 'sudo',
  isFlat: true,
  fields: { path: wholePath('The path to mount to. Cannot be delimited'), ...enableFields },
  operations: mountOperations('auth'),
});

const tune = path('auth/{path...}/tune', {
  help: 'Tune the configuration parameters for an auth path.',
  access: 'sudo',
  isFlat: true,
  fields: { path: wholePath('The path of the auth method'), ...tuneFields },
  operations: tuneOperations('auth'),
});

export const authPaths = [all, one, tune];
