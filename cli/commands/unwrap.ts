// `vault unwrap`: opens a wrapped answer.
import { defineCommand } from '../command.ts';
import { orFail, serverFailure } from '../failure.ts';
import { printField, printList, printSecret } from '../format/output.ts';
import { expectArguments } from '../input/arguments.ts';

export const unwrap = defineCommand({
  usage: 'unwrap [options] [TOKEN]',
  about:
    'Unwraps a wrapped secret from Vault by the given token. The result is the same as the "vault read" operation on the non-wrapped secret. If no token is given, the data in the currently authenticated token is unwrapped.',
  shared: ['http', 'field', 'format'],
  run: async ({ field, args, ui, connect }) => {
    expectArguments(args, 0, 1);
    const token = (args[0] ?? '').trim();
    const client = connect();
    if (client.token === '') client.token = token;
    const body = token === '' || token === client.token ? {} : { token };
    const secret = await orFail('Error unwrapping', client.write('sys/wrapping/unwrap', body));
    if (secret === undefined) throw serverFailure('Could not find wrapped response');
    if (field !== '') return printField(ui, secret, field);
    return Array.isArray(secret.data?.['keys']) ? printList(ui, secret) : printSecret(ui, secret);
  },
});
