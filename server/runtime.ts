// What the runtime must not have been told: whoever can debug the process, or reads a dump of its memory, has every key.

/**
 * Options that open a debugger, or have the runtime write memory, environment or keys to files. An option that is left
 * out here and only begins with one of these is meant as well: `--inspect-brk`, `--heapsnapshot-signal`.
 */
const REVEALING = [
  '--inspect',
  '--debug',
  '--heapsnapshot',
  '--heap-prof',
  '--cpu-prof',
  '--prof',
  '--report-on',
  '--report-uncaught',
  '--report-signal',
  '--abort-on-uncaught-exception',
  '--tls-keylog',
  '--trace-tls',
  '--insecure-http-parser',
] as const;

/**
 * The first option with which a server does not start.
 *
 * @param args the options on the runtime's own command line
 * @param environment the value of NODE_OPTIONS
 */
export function revealingOption(
  args: readonly string[],
  environment: string | undefined,
): string | undefined {
  const fromEnvironment = (environment ?? '').split(/[\s"]+/);
  return [...args, ...fromEnvironment].map(nameOf).find(isRevealing);
}

/** As the runtime takes it: without a value, and with dashes in the place of underscores. */
const nameOf = (option: string): string => (option.split('=')[0] ?? '').replaceAll('_', '-');

const isRevealing = (name: string): boolean => REVEALING.some((option) => name.startsWith(option));
