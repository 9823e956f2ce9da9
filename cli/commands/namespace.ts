// `vault namespace`: for servers that have namespaces; others answer that the path is not supported.
import { text } from '../client/secret.ts';
import { defineCommand } from '../command.ts';
import { orFail, serverFailure } from '../failure.ts';
import { mapFlag } from '../flags.ts';
import { printSecret } from '../format/output.ts';
import { expectArguments, onlyArgument, sanitizePath } from '../input/arguments.ts';
import { printListed } from './list.ts';
import { printAnswer } from './write.ts';

export const namespaceCreate = defineCommand({
  usage: 'namespace create [options] PATH',
  about:
    'Create a child namespace. The namespace is created relative to the one that -namespace names.',
  shared: ['http', 'field', 'format'],
  flags: { 'custom-metadata': mapFlag('A note, as key=value. May be given more than once.') },
  run: async ({ flags, field, args, ui, connect }) => {
    const path = sanitizePath(onlyArgument(args));
    const body = { custom_metadata: flags['custom-metadata'] };
    const request = connect().write(`sys/namespaces/${path}`, body);
    const secret = await orFail('Error creating namespace', request);
    return printAnswer(ui, { secret, field, success: `Namespace created at: ${path}` });
  },
});

export const namespaceDelete = defineCommand({
  usage: 'namespace delete [options] PATH',
  about:
    'Delete an existing namespace. The namespace is relative to the one that -namespace names.',
  shared: ['http'],
  run: async ({ args, ui, connect }) => {
    const path = sanitizePath(onlyArgument(args));
    const secret = await orFail(
      'Error deleting namespace',
      connect().delete(`sys/namespaces/${path}`),
    );
    ui.output(
      text(secret?.data?.['status']) === ''
        ? `Success! Namespace deleted at: ${path}`
        : `Success! Namespace deletion started at: ${path}`,
    );
    return 0;
  },
});

export const namespaceList = defineCommand({
  usage: 'namespace list [options]',
  about: 'Lists the enabled child namespaces.',
  shared: ['http', 'format', 'detailed'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const secret = await orFail('Error listing namespaces', connect().list('sys/namespaces'));
    if (secret === undefined && ui.format === 'table') throw serverFailure('No namespaces found');
    return printListed(ui, secret, 'sys/namespaces');
  },
});

export const namespaceLookup = defineCommand({
  usage: 'namespace lookup [options] PATH',
  about: 'Get information about the namespace at a path.',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    const path = sanitizePath(onlyArgument(args));
    const secret = await orFail(
      'Error looking up namespace',
      connect().read(`sys/namespaces/${path}`),
    );
    if (secret === undefined) throw serverFailure('Namespace not found');
    return printSecret(ui, secret);
  },
});
