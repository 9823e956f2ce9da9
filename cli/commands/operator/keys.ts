// `vault operator key-status` and `rotate`: the key that the storage is encrypted with.
import { type JsonObject, text } from '../../client/secret.ts';
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import { show } from '../../format/go.ts';
import { printData } from '../../format/output.ts';
import { columns } from '../../format/table.ts';
import { expectArguments } from '../../input/arguments.ts';
import type { Ui } from '../../ui.ts';

export const operatorKeyStatus = defineCommand({
  usage: 'operator key-status [options]',
  about: 'Provides information about the active encryption key.',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const request = connect().fetch('GET', 'sys/key-status');
    return printKeyStatus(ui, await orFail('Error reading key status', request));
  },
});

export const operatorRotate = defineCommand({
  usage: 'operator rotate [options]',
  about:
    'Rotates the underlying encryption key which is used to secure data written to the storage backend. This installs a new key in the key ring. This new key is used to encrypted new data, while older keys in the ring are used to decrypt older data.\n\n      $ vault operator rotate',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const client = connect();
    await orFail('Error rotating key', client.call('POST', 'sys/rotate'));
    const status = await orFail('Error reading key status', client.fetch('GET', 'sys/key-status'));
    if (ui.format === 'table') ui.output('Success! Rotated key\n');
    return printKeyStatus(ui, status);
  },
});

async function printKeyStatus(ui: Ui, status: JsonObject): Promise<number> {
  const { term, install_time: installed, encryptions } = status;
  if (ui.format !== 'table') {
    return printData(ui, new Map(Object.entries({ term, install_time: installed, encryptions })));
  }
  ui.output(
    columns([
      ['Key Term', show(term)],
      ['Install Time', shortTime(text(installed))],
      ['Encryption Count', show(encryptions ?? 0)],
    ]),
  );
  return 0;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment as Go's RFC822 layout prints it: `02 Jan 06 15:04 UTC`. */
function shortTime(rfc3339: string): string {
  const iso = new Date(rfc3339).toISOString();
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? '';
  return `${iso.slice(8, 10)} ${month} ${iso.slice(2, 4)} ${iso.slice(11, 16)} UTC`;
}
