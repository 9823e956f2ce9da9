// `vault audit`: audit devices are enabled, listed and disabled.
import { type JsonObject, object, text } from '../client/secret.ts';
import { defineCommand } from '../command.ts';
import { EXIT_SERVER, messageOf, orFail, usageFailure } from '../failure.ts';
import { boolFlag, textFlag } from '../flags.ts';
import { show, sortedKeys } from '../format/go.ts';
import { printData } from '../format/output.ts';
import { table } from '../format/table.ts';
import { expectArguments, onlyArgument, sanitizePath, withSlash } from '../input/arguments.ts';
import { parseTexts } from '../input/pairs.ts';

export const auditEnable = defineCommand({
  usage: 'audit enable [options] TYPE [CONFIG K=V...]',
  about:
    'Enables an audit device at a given path. What is configured depends on the type: "file", "socket" or "syslog".\n\n      $ vault audit enable file file_path=/var/log/audit.log',
  shared: ['http'],
  flags: {
    description: textFlag('Description for people.'),
    path: textFlag('Where to enable the device; by default at the name of the type.'),
    local: boolFlag('Do not replicate the device.'),
  },
  run: async ({ flags, args, host, ui, connect }) => {
    const type = (args[0] ?? '').trim();
    if (type === '') {
      throw usageFailure(
        "Error enabling audit device: audit type missing. Valid types include 'file', 'socket' and 'syslog'.",
      );
    }
    const path = withSlash(flags.path || type);
    const options = auditOptions(args.slice(1), host);
    const body = { type, description: flags.description, options, local: flags.local };
    await orFail('Error enabling audit device', connect().write(`sys/audit/${path}`, body));
    ui.output(`Success! Enabled the ${type} audit device at: ${path}`);
    return 0;
  },
});

function auditOptions(
  args: readonly string[],
  host: Parameters<typeof parseTexts>[1],
): Readonly<Record<string, string>> {
  try {
    return parseTexts(args, host);
  } catch (error) {
    throw usageFailure(`Failed to parse K=V data: ${messageOf(error)}`);
  }
}

export const auditDisable = defineCommand({
  usage: 'audit disable [options] PATH',
  about:
    'Disables an audit device. Once an audit device is disabled, no future audit logs are dispatched to it. The data associated with the audit device is not affected.\n\n      $ vault audit disable file/',
  shared: ['http'],
  run: async ({ args, ui, connect }) => {
    const path = withSlash(sanitizePath(onlyArgument(args)));
    await orFail('Error disabling audit device', connect().delete(`sys/audit/${path}`));
    ui.output(`Success! Disabled audit device (if it was enabled) at: ${path}`);
    return 0;
  },
});

export const auditList = defineCommand({
  usage: 'audit list [options]',
  about:
    'Lists the enabled audit devices in the Vault server.\n\n      $ vault audit list -detailed',
  shared: ['http', 'format', 'detailed'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const devices = await orFail('Error listing audits', connect().fetch('GET', 'sys/audit'));
    if (ui.format !== 'table') return printData(ui, devices);
    if (Object.keys(devices).length === 0) {
      ui.output('No audit devices are enabled.');
      return EXIT_SERVER;
    }
    const details = ui.isDetailed ? ['Replication', 'Options'] : [];
    const header = ['Path', 'Type', 'Description', ...details];
    ui.output(
      table(
        header,
        sortedKeys(devices).map((path) => row(path, devices, ui.isDetailed)),
      ),
    );
    return 0;
  },
});

function row(path: string, devices: JsonObject, isDetailed: boolean): string[] {
  const device = object(devices[path]) ?? {};
  const options = object(device['options']) ?? {};
  const simple = [path, text(device['type']), text(device['description'])];
  if (!isDetailed) return simple;
  return [
    ...simple,
    device['local'] === true ? 'local' : 'replicated',
    sortedKeys(options)
      .map((name) => `${name}=${show(options[name])}`)
      .join(' '),
  ];
}
