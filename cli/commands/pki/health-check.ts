// `vault pki health-check`: runs the checks on a mount; the worst finding is the exit code.
import type { Client } from '../../client/client.ts';
import { ResponseError } from '../../client/response-error.ts';
import { texts } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail, usageFailure } from '../../failure.ts';
import { boolFlag, textFlag } from '../../flags.ts';
import { printData } from '../../format/output.ts';
import { table } from '../../format/table.ts';
import { sanitizePath } from '../../input/arguments.ts';
import type { Ui } from '../../ui.ts';
import { type Check, CHECKS, type Finding, type Status, type Subject } from './checks.ts';

const EXIT_USAGE = 1;
const EXIT_CODES: Readonly<Record<Status, number>> = {
  ok: 0,
  informational: 2,
  warning: 3,
  critical: 4,
  insufficient_permissions: 6,
};
/** The least code that each indicator returns. */
const INDICATORS: ReadonlyMap<string, number> = new Map([
  ['default', EXIT_CODES.informational],
  ['informational', EXIT_CODES.informational],
  ['warning', EXIT_CODES.warning],
  ['critical', EXIT_CODES.critical],
  ['permission', EXIT_CODES.insufficient_permissions],
]);

export const pkiHealthCheck = defineCommand({
  usage: 'pki health-check [options] MOUNT',
  about:
    'Reports health of the given PKI mount: whether its authorities end soon, what its roles allow, whether it is tidied.\n\n      $ vault pki health-check pki-root/\n\nThe exit code is 0 where all is well, 2 for something to know, 3 for a warning, 4 for something critical, 6 where the token may not see enough.',
  shared: ['http', 'format'],
  flags: {
    list: boolFlag('List the checks and do not run them.'),
    'return-indicator': textFlag(
      'From which status on the exit code is not 0: "default", "informational", "warning", "critical" or "permission".',
      'default',
    ),
  },
  run: async ({ flags, args, host, ui, connect }) => {
    const [typed] = args;
    if (typed === undefined && !flags.list) {
      throw usageFailure('Not enough arguments (expected mount path, got nothing)');
    }
    if (args.length > 1) {
      throw usageFailure(
        `Too many arguments (expected only mount path, got ${args.length} arguments)`,
      );
    }
    const least = INDICATORS.get(flags['return-indicator']);
    if (least === undefined) {
      throw usageFailure(`Unknown flag value for -return-indicator: ${flags['return-indicator']}`);
    }
    if (flags.list) return printNames(ui);
    const mount = sanitizePath(typed ?? '');
    const client = connect();
    const exists = client.fetch('GET', `sys/mounts/${mount}/tune`);
    await orFail(`Failed to read mount ${mount}`, exists, EXIT_USAGE);
    const results = new Map<string, readonly Finding[]>();
    const subject = subjectOf(client, mount, host.now());
    for (const check of CHECKS) results.set(check.name, await runCheck(check, subject));
    await printResults(ui, results);
    const worst = Math.max(
      0,
      ...[...results.values()].flat().map(({ status }) => EXIT_CODES[status]),
    );
    return worst >= least ? worst : 0;
  },
});

function subjectOf(client: Client, mount: string, now: number): Subject {
  return {
    mount,
    now,
    read: async (path) => (await client.read(path))?.data,
    list: async (path) => texts((await client.list(path))?.data?.['keys']) ?? [],
  };
}

/** What the token may not see cannot be judged, and that is a finding too. */
async function runCheck(check: Check, subject: Subject): Promise<readonly Finding[]> {
  try {
    return await check.run(subject);
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    const isDenied = error.status === 403;
    return [
      {
        status: isDenied ? 'insufficient_permissions' : 'critical',
        endpoint: subject.mount,
        message: isDenied
          ? 'Without the permission to read what this check needs, it could not run.'
          : error.message,
      },
    ];
  }
}

function printNames(ui: Ui): number {
  ui.output('Default health check config:');
  for (const { name } of CHECKS) ui.output(`  ${name}`);
  return 0;
}

async function printResults(
  ui: Ui,
  results: ReadonlyMap<string, readonly Finding[]>,
): Promise<void> {
  if (ui.format !== 'table') {
    await printData(ui, Object.fromEntries(results));
    return;
  }
  for (const [name, findings] of results) {
    if (findings.length === 0) continue;
    const rows = findings.map(({ status, endpoint, message }) => [status, endpoint, message]);
    ui.output(
      `${name}\n${'-'.repeat(name.length)}\n${table(['status', 'endpoint', 'message'], rows)}\n`,
    );
  }
}
