// `vault print token`: the token that commands use.
import { defineCommand } from '../command.ts';
import { readToken } from '../token-helper.ts';

export const printToken = defineCommand({
  usage: 'print token',
  about:
    'Prints the value of the Vault token that will be used for commands, after taking into account the configured token-helper and the environment.\n\n      $ vault print token',
  run: ({ host, ui }) => {
    ui.output(readToken(host));
    return 0;
  },
});
