// How autopilot is told to behave: what operators have set, the defaults of the rest, and what makes no sense.
import { formatGoDuration, seconds, type Seconds } from '#sdk/duration.ts';
import { badRequest } from '#sdk/errors.ts';

export const AUTOPILOT_KEY = 'core/raft/autopilot';

/** Under the names of the API, which are also those of the record. */
export interface AutopilotConfig {
  readonly cleanup_dead_servers: boolean;
  readonly last_contact_threshold: Seconds;
  readonly dead_server_last_contact_threshold: Seconds;
  readonly max_trailing_logs: number;
  readonly min_quorum: number;
  readonly server_stabilization_time: Seconds;
}

/** Only what was ever set is kept, so that defaults may change with the program. */
export type AutopilotRecord = { readonly [K in keyof AutopilotConfig]?: AutopilotConfig[K] };

const DEFAULT: AutopilotConfig = {
  cleanup_dead_servers: false,
  last_contact_threshold: seconds(10),
  dead_server_last_contact_threshold: seconds(24 * 3600),
  max_trailing_logs: 1000,
  min_quorum: 0,
  server_stabilization_time: seconds(10),
};

/** With fewer, one more failure could take the majority of what a clean-up leaves. */
const QUORUM_MIN = 3;

/** A server that restarts must not be gone by the time that it is back. */
const DEAD_AFTER_MIN = seconds(60);

export const configOf = (record: AutopilotRecord | undefined): AutopilotConfig => ({
  ...DEFAULT,
  ...record,
});

/** @throws ClientError 400 for settings that together would endanger the cluster */
export function checkConfig({
  cleanup_dead_servers: cleanup,
  min_quorum: quorum,
  dead_server_last_contact_threshold: deadAfter,
}: AutopilotConfig): void {
  if (!cleanup) return;
  if (quorum < QUORUM_MIN) {
    throw badRequest(
      `min_quorum must be set when cleanup_dead_servers is set and it should at least be ${QUORUM_MIN}; cleanup_dead_servers: ${cleanup}, min_quorum: ${quorum}`,
    );
  }
  if (deadAfter < DEAD_AFTER_MIN) {
    throw badRequest(
      `dead_server_last_contact_threshold should not be set to less than 1m; received: ${deadAfter}`,
    );
  }
}

export function showConfig(config: AutopilotConfig): Readonly<Record<string, unknown>> {
  return {
    cleanup_dead_servers: config.cleanup_dead_servers,
    dead_server_last_contact_threshold: formatGoDuration(config.dead_server_last_contact_threshold),
    disable_upgrade_migration: false,
    last_contact_threshold: formatGoDuration(config.last_contact_threshold),
    max_trailing_logs: config.max_trailing_logs,
    min_quorum: config.min_quorum,
    server_stabilization_time: formatGoDuration(config.server_stabilization_time),
  };
}
