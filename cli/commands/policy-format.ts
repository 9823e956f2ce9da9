// `vault policy fmt`: sets the text of a policy in the usual form, in its file.
import { writeFileSync } from 'node:fs';
import { defineCommand } from '../command.ts';
import { messageOf, usageFailure } from '../failure.ts';
import { formatHcl } from '../format/hcl.ts';
import { onlyArgument } from '../input/arguments.ts';
import { expandHome, readText } from '../input/files.ts';

export const policyFormat = defineCommand({
  usage: 'policy fmt [options] PATH',
  about:
    'Formats a local policy file to the policy specification. This command will overwrite the file at the given PATH with the properly-formatted policy file contents.\n\n      $ vault policy fmt my-policy.hcl',
  run: ({ args, host, ui }) => {
    const path = expandHome(onlyArgument(args).trim(), host);
    try {
      writeFileSync(path, formatHcl(readText(path)));
    } catch (error) {
      throw usageFailure(`Error formatting policy file: ${messageOf(error)}`);
    }
    ui.output(`Success! Formatted policy: ${path}`);
    return 0;
  },
});
