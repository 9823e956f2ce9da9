// `vault secrets`: secrets engines are enabled, listed, tuned, moved and disabled.
import { defineCommand } from '../command.ts';
import { orFail } from '../failure.ts';
import { expectArguments, onlyArgument, sanitizePath, withSlash } from '../input/arguments.ts';
import {
  ACCESSOR,
  type Column,
  DESCRIPTION,
  DETAILS,
  FORCE_NO_CACHE,
  PATH,
  PLUGIN,
  printMounts,
  TTLS,
  TYPE,
} from './mount/list.ts';
import { moveMount } from './mount/move.ts';
import {
  ENABLE_FLAGS,
  mountConfig,
  mountOptions,
  SECRETS_FLAGS,
  TUNE_FLAGS,
  tuneConfig,
} from './mount/options.ts';

const SIMPLE: readonly Column[] = [PATH, TYPE, ACCESSOR, DESCRIPTION];
const DETAILED: readonly Column[] = [PATH, PLUGIN, ACCESSOR, ...TTLS, FORCE_NO_CACHE, ...DETAILS];

export const secretsEnable = defineCommand({
  usage: 'secrets enable [options] TYPE',
  about:
    'Enables a secrets engine. By default, secrets engines are enabled at the path corresponding to their TYPE, but users can customize the path using the -path option.\n\n      $ vault secrets enable -path=my-transit transit',
  shared: ['http'],
  flags: { ...ENABLE_FLAGS, ...SECRETS_FLAGS },
  run: async ({ flags, given, args, ui, connect }) => {
    const typed = onlyArgument(args).trim();
    const type = typed === 'plugin' ? flags['plugin-name'] : typed;
    const path = withSlash(flags.path || type);
    const body = {
      type,
      description: flags.description,
      config: mountConfig({ flags, given }),
      local: flags.local,
      seal_wrap: flags['seal-wrap'],
      external_entropy_access: flags['external-entropy-access'],
      options: mountOptions({ flags, given }),
    };
    await orFail('Error enabling', connect().call('POST', `sys/mounts/${path}`, { body }));
    const version = flags['plugin-version'] === '' ? '' : ` version ${flags['plugin-version']}`;
    ui.output(`Success! Enabled the ${type} secrets engine${version} at: ${path}`);
    return 0;
  },
});

export const secretsDisable = defineCommand({
  usage: 'secrets disable [options] PATH',
  about:
    'Disables a secrets engine at the given PATH. All secrets created by the engine are revoked and its data is removed.\n\n      $ vault secrets disable aws/',
  shared: ['http'],
  run: async ({ args, ui, connect }) => {
    const path = withSlash(sanitizePath(onlyArgument(args)));
    const request = connect().delete(`sys/mounts/${path}`);
    await orFail(`Error disabling secrets engine at ${path}`, request);
    ui.output(`Success! Disabled the secrets engine (if it existed) at: ${path}`);
    return 0;
  },
});

export const secretsList = defineCommand({
  usage: 'secrets list [options]',
  about:
    'Lists the enabled secret engines on the Vault server. This command also outputs information about the enabled path including configured TTLs and human-friendly descriptions.\n\n      $ vault secrets list -detailed',
  shared: ['http', 'format', 'detailed'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const mounts = await orFail(
      'Error listing secrets engines',
      connect().fetch('GET', 'sys/mounts'),
    );
    return printMounts(ui, mounts, ui.isDetailed ? DETAILED : SIMPLE);
  },
});

export const secretsTune = defineCommand({
  usage: 'secrets tune [options] PATH',
  about:
    'Tunes the configuration options for the secrets engine at the given PATH. The argument corresponds to the PATH where the secrets engine is enabled, not the TYPE.\n\n      $ vault secrets tune -default-lease-ttl=72h pki/',
  shared: ['http'],
  flags: { ...TUNE_FLAGS, ...SECRETS_FLAGS },
  run: async ({ flags, given, args, ui, connect }) => {
    const path = withSlash(sanitizePath(onlyArgument(args)));
    const body = tuneConfig({ flags, given });
    const request = connect().call('POST', `sys/mounts/${path}tune`, { body });
    await orFail(`Error tuning secrets engine ${path}`, request);
    ui.output(`Success! Tuned the secrets engine at: ${path}`);
    return 0;
  },
});

export const secretsMove = defineCommand({
  usage: 'secrets move [options] SOURCE DESTINATION',
  about:
    'Moves an existing secrets engine to a new path. Any leases from the old secrets engine are revoked, but all configuration associated with the engine is preserved.\n\n      $ vault secrets move secret/ generic/',
  shared: ['http'],
  run: async ({ args, host, ui, connect }) => {
    expectArguments(args, 2);
    const move = {
      thing: 'secrets engine',
      from: withSlash(args[0] ?? ''),
      to: withSlash(args[1] ?? ''),
    };
    return moveMount(move, connect(), { ui, host });
  },
});
