// `vault kv enable-versioning`: turns a mount of version 1 into one of version 2.
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { onlyArgument, sanitizePath, withSlash } from '../../input/arguments.ts';

export const kvEnableVersioning = defineCommand({
  usage: 'kv enable-versioning [options] KEY',
  about:
    'Turns on versioning for the backend at the provided path.\n\n      $ vault kv enable-versioning secret',
  shared: ['http'],
  run: async ({ args, ui, connect }) => {
    const mount = withSlash(sanitizePath(onlyArgument(args)));
    const body = { options: { version: '2' } };
    const request = connect().call('POST', `sys/mounts/${mount}tune`, { body });
    await orFail(`Error tuning secrets engine ${mount}`, request);
    ui.output(`Success! Tuned the secrets engine at: ${mount}`);
    return 0;
  },
});
