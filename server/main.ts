// The command `server`: from flags and files to a node that listens, and from a signal to its orderly end.
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { realTimer } from '#raft/driver/real-timer.ts';
import { openStorage } from '#storage/backends.ts';
import { clusterAddressOf } from './addresses.ts';
import { loadConfig, type Config, type Surroundings } from './config.ts';
import { ConfigError } from './config/file.ts';
import { devConfig, startDev } from './dev.ts';
import { parseFlags, type ServerFlags } from './flags.ts';
import { answerForwarded } from './http/answer-forwarded.ts';
import { listen, type OpenListener } from './http/listener.ts';
import { levelOf, LogLevel, makeLog, type Log } from './log.ts';
import { makeMetrics } from './metrics/make-metrics.ts';
import { RaftMeter } from './metrics/raft-meter.ts';
import { Node } from './node.ts';
import { makeMembership } from './open-link.ts';
import { revealingOption } from './runtime.ts';
import { systemClock } from './system-clock.ts';
import { VERSION } from './version.ts';

/** How long running requests may take to end once the server is told to. */
const DRAIN_LIMIT_MS = 4_000;

/** Whatever the server writes is for nobody else. */
const FILES_OF_THE_OWNER = 0o077;

/**
 * Runs a server until it is told to end.
 *
 * @param args the flags behind `server`
 * @returns the exit code
 */
export async function runServer(args: readonly string[]): Promise<number> {
  const parsed = parseFlags(args, process.env);
  if (parsed.type === 'error') return complain(parsed.message);
  const revealing = revealingOption(process.execArgv, process.env['NODE_OPTIONS']);
  if (revealing !== undefined) return complain(`${revealing} would give away the server's secrets`);
  try {
    return await run(parsed.flags);
  } catch (error) {
    // What went wrong before the server listens; a stack belongs to a bug only.
    if (!(error instanceof Error)) throw error;
    const isKnown = error instanceof ConfigError || 'code' in error || error.name !== 'TypeError';
    return complain(isKnown ? error.message : (error.stack ?? error.message));
  }
}

function complain(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

async function run(flags: ServerFlags): Promise<number> {
  const config = readConfig(flags);
  if (config === undefined) return complain(NO_CONFIG);
  const { storage, listeners } = config;
  if (storage === undefined) return complain('A storage backend must be specified');
  checkCluster(config);
  if (listeners.length === 0) return complain('at least one listener must be specified');
  const logLevel = levelFor(flags, config);
  const log = openLog(flags, config, logLevel);
  for (const { message } of config.warnings) log.warn(message);

  warnOfWhatIsNotBuilt(config, log);

  process.umask(FILES_OF_THE_OWNER);
  const metrics = makeMetrics({ clock: systemClock, config }, () => realTimer.now());
  const meter = storage.type === 'raft' ? new RaftMeter(metrics) : undefined;
  const opened = await openStorage(storage.type, storage, meter);
  const { physical } = opened;
  const failed = Promise.withResolvers<string>();
  const node = new Node({
    clock: systemClock,
    log,
    logLevel,
    config,
    metrics,
    physical,
    storageType: storage.type,
    membership:
      opened.type === 'cluster'
        ? makeMembership({ config, cluster: opened.physical, clock: systemClock, log })
        : undefined,
    whenFailed: failed.resolve,
  });
  node.onForwarded(answerForwarded(node));
  const banner = flags.isDev ? await startDev(node, flags) : '';
  const open: OpenListener[] = [];
  for (const listener of listeners) open.push(await listen(node, listener));
  node.startJoining();
  process.stdout.write(`${summary(config, storage.type)}${banner}`);
  handleSignals(node);
  const { pid_file: pidFile } = config;
  if (pidFile !== '') writeFileSync(pidFile, `${process.pid}`, { mode: 0o644 });

  const failure = await Promise.race([untilTold(log), failed.promise]);
  if (failure !== undefined) log.error('the server ends, because it cannot go on', { failure });
  await node.handOver();
  await drain(node, open);
  await node.close();
  if (pidFile !== '') rmSync(pidFile, { force: true });
  return failure === undefined ? 0 : 1;
}

/** A seal that is not there must not be taken for one that is; the rest may wait. */
function warnOfWhatIsNotBuilt({ seals, ha_storage, service_registration }: Config, log: Log): void {
  const other = seals.find(({ type }) => type !== 'shamir');
  if (other !== undefined) throw new ConfigError(`seal ${other.type} is not supported`);
  if (ha_storage !== undefined) throw new ConfigError('ha_storage is not supported');
  if (service_registration !== undefined) {
    log.warn('service_registration has no effect: it is not built yet');
  }
}

/** In the words of Vault. */
function checkCluster(config: Config): void {
  const { storage, disable_clustering } = config;
  if (storage?.type !== 'raft') return;
  if (disable_clustering || storage.disable_clustering) {
    throw new ConfigError('Disable clustering cannot be set to true when Raft is the storage type');
  }
  if (clusterAddressOf(config) === '') {
    throw new ConfigError('Cluster address must be set when using raft storage');
  }
}

const NO_CONFIG = `Must specify at least one config path using -config

Run it for development with -dev instead.`;

function readConfig(flags: ServerFlags): Config | undefined {
  const surroundings = surroundingsOf();
  if (flags.isDev) return devConfig(flags, surroundings);
  return flags.configs.length === 0 ? undefined : loadConfig(flags.configs, surroundings);
}

function surroundingsOf(): Surroundings {
  const networks = Object.entries(networkInterfaces()).map(
    ([name, addresses]) => [name, (addresses ?? []).map(({ address }) => address)] as const,
  );
  return { env: process.env, networks: Object.fromEntries(networks) };
}

function levelFor(flags: ServerFlags, config: Config): LogLevel {
  const asked = flags.logLevel ?? config.log_level;
  const level = levelOf(asked);
  if (level === undefined) throw new ConfigError(`unknown log level: ${asked}`);
  return new LogLevel(level);
}

function openLog(flags: ServerFlags, config: Config, level: LogLevel): Log {
  const format = (flags.logFormat ?? config.log_format) === 'json' ? 'json' : 'standard';
  return makeLog({ level, format, clock: systemClock, write: lineWriter(config.log_file) });
}

/** A log file gets every line as well; whoever rotates it moves it away. */
function lineWriter(file: string): (line: string) => void {
  return (line) => {
    process.stderr.write(line);
    if (file !== '') appendFileSync(file, line, { mode: 0o600 });
  };
}

function summary(config: Config, storageType: string): string {
  const rows = [
    ...config.listeners.map((listener, index) => [
      `Listener ${index + 1}`,
      `${listener.type} (addr: "${listener.address}", tls: "${listener.tls_disable ? 'disabled' : 'enabled'}")`,
    ]),
    ['Log Level', config.log_level],
    ['Storage', storageType],
    ['Version', `Vault v${VERSION}`],
  ];
  const lines = rows.map(([name = '', value = '']) => `${name.padStart(20)}: ${value}\n`);
  return `==> Vault server configuration:\n\n${lines.join('')}\n==> Vault server started! Log data will stream in below:\n\n`;
}

/** SIGHUP opens the audit files anew, so that logs can be rotated. */
function handleSignals(node: Node): void {
  process.on('SIGUSR1', () => {}); // otherwise it opens a debugger in a runtime that was started by hand
  process.on('SIGHUP', () => {
    node.log.info('reloading');
    void node.unsealed()?.audit.reopen();
  });
}

function untilTold(log: Log): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        log.info('the server ends', { signal });
        resolve(undefined);
      });
    }
  });
}

/** Running requests get some time to end; a client that never ends does not keep the server. */
async function drain(node: Node, listeners: readonly OpenListener[]): Promise<void> {
  const closed = Promise.all([
    ...listeners.map((listener) => listener.close()),
    node.inFlight.whenIdle(), // what other nodes have sent on is among them
  ]);
  const late = new Promise<void>((resolve) => systemClock.after(DRAIN_LIMIT_MS as never, resolve));
  await Promise.race([closed, late]);
  for (const listener of listeners) listener.cutOff();
}
