// `vault path-help`: what a path is for.
import { text } from '../client/secret.ts';
import { defineCommand } from '../command.ts';
import { orFail } from '../failure.ts';
import { printData } from '../format/output.ts';
import { onlyArgument, sanitizePath } from '../input/arguments.ts';

export const pathHelp = defineCommand({
  usage: 'path-help [options] PATH',
  about:
    'Retrieves API help for paths. All endpoints in Vault provide built-in help in markdown format. This includes system paths, secret engines, and auth methods.\n\n      $ vault path-help database/',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    const path = sanitizePath(onlyArgument(args));
    const request = connect().fetch('GET', path, { query: [['help', '1']] });
    const help = await orFail('Error retrieving help', request);
    if (ui.format !== 'table') return printData(ui, help);
    ui.output(text(help['help']));
    return 0;
  },
});
