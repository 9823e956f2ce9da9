// sys/storage/raft/autopilot: how the active node looks after the other servers.
// https://developer.hashicorp.com/vault/api-docs/system/storage/raftautopilot
import { badRequest } from '#sdk/errors.ts';
import { boolean, duration, integer } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import {
  AUTOPILOT_KEY,
  checkConfig,
  configOf,
  showConfig,
  type AutopilotRecord,
} from '../raft/autopilot/config.ts';
import { showState } from '../raft/autopilot/show.ts';
import { VERSION } from '../version.ts';
import { requireRaft } from './raft.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const state = path('storage/raft/autopilot/state', {
  help: 'Returns the state of the raft cluster under integrated storage as seen by autopilot.',
  fields: {},
  operations: {
    read: {
      summary: 'Read the state of the cluster',
      handler: ({ engine }) => {
        const { autopilot, echoes, storage } = requireRaft(engine);
        const config = configOf(engine.transaction.get<AutopilotRecord>(AUTOPILOT_KEY));
        return reply(
          showState(autopilot.look(), config, (id) =>
            id === storage.id ? VERSION : (echoes.of(id)?.echo.version ?? ''),
          ),
        );
      },
    },
  },
});

const configuration = path('storage/raft/autopilot/configuration', {
  help: 'Returns autopilot configuration.',
  fields: {
    cleanup_dead_servers: boolean('Whether dead servers are removed'),
    last_contact_threshold: duration('How long a healthy server may be silent'),
    dead_server_last_contact_threshold: duration('After which silence a server is dead'),
    max_trailing_logs: integer('How many entries a healthy server may be behind'),
    min_quorum: integer('How many voters stay, however many are dead'),
    server_stabilization_time: duration('How long a server must be healthy to get a vote'),
    disable_upgrade_migration: boolean('Part of another edition'),
  },
  operations: {
    read: {
      summary: 'Read the configuration of autopilot',
      handler: ({ engine }) => {
        requireRaft(engine);
        return reply(showConfig(configOf(engine.transaction.get<AutopilotRecord>(AUTOPILOT_KEY))));
      },
    },
    write: {
      summary: 'Configure autopilot',
      handler: ({ engine, data }): undefined => {
        requireRaft(engine);
        const { disable_upgrade_migration: migration, ...fields } = data;
        if (migration !== undefined) {
          throw badRequest('disable_upgrade_migration is only available in Vault Enterprise');
        }
        requireCount('max_trailing_logs', fields.max_trailing_logs);
        requireCount('min_quorum', fields.min_quorum);
        const before = engine.transaction.get<AutopilotRecord>(AUTOPILOT_KEY);
        const given = Object.entries(fields).filter(([, value]) => value !== undefined);
        const record: AutopilotRecord = { ...before, ...Object.fromEntries(given) };
        checkConfig(configOf(record));
        if (given.length > 0) engine.transaction.put(AUTOPILOT_KEY, record);
      },
    },
  },
});

function requireCount(name: string, value: number | undefined): void {
  if (value !== undefined && value < 0) throw badRequest(`${name} must not be negative`);
}

export const autopilotPaths = [state, configuration];
