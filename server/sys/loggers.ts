// sys/loggers: how much the node writes to its own log, changed while it runs. There is one logger, `core`.
// https://developer.hashicorp.com/vault/api-docs/system/loggers
import { badRequest } from '#sdk/errors.ts';
import { name, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import { levelOf } from '../log.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const LOGGER = 'core';

const level = text('Log verbosity level: trace, debug, info, warn or error').default('');

const all = path('loggers', {
  help: 'Adjust the verbosity of the loggers of this node, until it ends.',
  fields: { level },
  operations: {
    read: {
      summary: 'Read the level of each logger',
      handler: ({ engine }) => reply({ [LOGGER]: engine.services.node.logLevel.now }),
    },
    write: {
      summary: 'Set the level of all loggers',
      handler: ({ engine, data }) => setLevel(engine, data.level),
    },
    delete: {
      summary: 'Set all loggers back to the level of the configuration',
      handler: ({ engine }) => reset(engine),
    },
  },
});

const one = path('loggers/{name}', {
  help: 'Adjust the verbosity of a logger of this node, until it ends.',
  fields: { name: name('The name of the logger'), level },
  operations: {
    read: {
      summary: 'Read the level of a logger',
      handler: ({ engine, data }) => {
        requireLogger(data.name);
        return reply({ [LOGGER]: engine.services.node.logLevel.now });
      },
    },
    write: {
      summary: 'Set the level of a logger',
      handler: ({ engine, data }) => {
        requireLogger(data.name);
        return setLevel(engine, data.level);
      },
    },
    delete: {
      summary: 'Set a logger back to the level of the configuration',
      handler: ({ engine, data }) => {
        requireLogger(data.name);
        return reset(engine);
      },
    },
  },
});

export const loggerPaths = [all, one];

function requireLogger(asked: string): void {
  if (asked !== LOGGER) throw badRequest(`logger "${asked}" not found`);
}

function setLevel({ services, afterwards }: System, given: string): undefined {
  if (given === '') throw badRequest('level is required');
  const parsed = levelOf(given);
  if (parsed === undefined) throw badRequest('invalid level provided: unknown log level');
  afterwards(() => services.node.logLevel.set(parsed));
}

function reset({ services, afterwards }: System): undefined {
  afterwards(() => services.node.logLevel.reset());
}
