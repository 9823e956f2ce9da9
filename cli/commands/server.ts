// `vault server`: hands over to the server, which reads its own arguments. The only place where the command line reaches into it.
import type { Command } from '../command.ts';

export const server: Command = {
  usage: 'server [options]',
  about:
    'Starts a server that responds to API requests. It starts sealed: "vault operator init" prepares a new one, "vault operator unseal" opens it.\n\n      $ vault server -config=/etc/vault/config.hcl\n      $ vault server -dev -dev-root-token-id="root"\n\nWith -config a file or folder of settings is read, and may be given more than once. With -dev the server keeps everything in memory, is unsealed and needs no settings; -dev-root-token-id and -dev-listen-address say which token and address it has.',
  flags: {},
  shared: [],
  run: async ({ args }) => {
    const { runServer } = await import('#server/main.ts');
    return runServer(args);
  },
};
