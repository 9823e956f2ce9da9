// sys/key-status, sys/rotate, sys/seal: the key that encrypts storage, and sealing.
// https://developer.hashicorp.com/vault/api-docs/system/key-status
import { formatGoDuration, seconds, type Seconds } from '#sdk/duration.ts';
import { badRequest } from '#sdk/errors.ts';
import { boolean, duration, integer } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import {
  DEFAULT_ROTATION,
  INTERVAL_MIN,
  OPERATIONS_MIN,
  ROTATION_KEY,
  type RotationRecord,
} from '../rotation.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const status = path('key-status', {
  help: 'Provides information about the backend encryption key.\n\nProvides the current backend encryption key term and installation time.',
  isFlat: true,
  fields: {},
  operations: {
    read: {
      summary: 'Read the state of the encryption key',
      handler: ({ engine: { services } }) => reply({ ...services.barrier.keyInformation() }),
    },
  },
});

const rotate = path('rotate', {
  help: 'Rotates the backend encryption key used to persist data.\n\nRotate generates a new encryption key which is used to encrypt all\ndata going to the storage backend. The old encryption keys are kept so\nthat data encrypted using those keys can still be decrypted.',
  access: 'sudo',
  fields: {},
  operations: {
    write: {
      summary: 'Install a new encryption key',
      handler: ({ engine: { services, afterwards } }): undefined => {
        afterwards(() => services.barrier.rotate());
      },
    },
  },
});

const rotateConfig = path('rotate/config', {
  help: 'Configures settings related to the backend encryption key management.\n\nThe key is rotated by itself after so many operations or so much time.',
  fields: {
    enabled: boolean('Whether the key is rotated by itself'),
    max_operations: integer('The number of encryption operations performed before the key rotates'),
    interval: duration('How long after its installation the key rotates; 0 means never'),
  },
  operations: {
    read: {
      summary: 'Read when the key rotates by itself',
      handler: ({ engine: { transaction } }) => {
        const { enabled, interval, max_operations } = recordOf(transaction);
        return reply({ enabled, interval: shownInterval(interval), max_operations });
      },
    },
    write: {
      summary: 'Say when the key rotates by itself',
      handler: ({ engine: { transaction }, data }): undefined => {
        const before = recordOf(transaction);
        const { enabled, max_operations: operations, interval } = data;
        if (interval !== undefined) checkInterval(interval);
        if (operations !== undefined) checkOperations(operations);
        const record: RotationRecord = {
          enabled: enabled ?? before.enabled,
          max_operations: operations ?? before.max_operations,
          interval: interval ?? before.interval,
        };
        transaction.put(ROTATION_KEY, record);
      },
    },
  },
});

/** Beyond it, random nonces would not be safe. */
const OPERATIONS_MAX = DEFAULT_ROTATION.max_operations;

const recordOf = (transaction: System['transaction']): RotationRecord =>
  transaction.get<RotationRecord>(ROTATION_KEY) ?? DEFAULT_ROTATION;

const shownInterval = (interval: number): number | string =>
  interval === 0 ? 0 : formatGoDuration(interval);

function checkInterval(interval: Seconds): void {
  if (interval === seconds(0) || interval >= INTERVAL_MIN) return;
  throw badRequest(`interval must be greater or equal to ${formatGoDuration(INTERVAL_MIN)}`);
}

function checkOperations(operations: number): void {
  if (operations >= OPERATIONS_MIN && operations <= OPERATIONS_MAX) return;
  throw badRequest(`max_operations must be in the range [${OPERATIONS_MIN},${OPERATIONS_MAX}]`);
}

const seal = path('seal', {
  help: 'Seal the Vault.',
  access: 'sudo',
  fields: {},
  operations: {
    write: {
      summary: 'Seal this node',
      handler: ({ engine: { services, afterwards } }): undefined => {
        afterwards(() => services.node.seal());
      },
    },
  },
});

const stepDown = path('step-down', {
  help: 'Cause the node to give up active status.\n\nThis endpoint causes the node to give up active status. Without other nodes there\nis nobody to hand over to, and nothing happens.',
  access: 'sudo',
  fields: {},
  operations: {
    write: {
      summary: 'Step down from being active',
      handler: ({ engine: { services, afterwards } }): undefined => {
        afterwards(() => services.node.stepDown());
      },
    },
  },
});

export const keyPaths = [status, rotate, rotateConfig, seal, stepDown];
