// `vault version`: the version of Vault whose command this behaves as.
import { defineCommand } from '../command.ts';

const VERSION = '1.16.3';

export const version = defineCommand({
  usage: 'version',
  about: 'Prints the version of this command.',
  run: ({ ui }) => {
    ui.output(`Vault v${VERSION}`);
    return 0;
  },
});
