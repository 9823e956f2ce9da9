// `vault operator generate-root`: a new root token, made by those who hold the unseal keys.
import type { Client } from '../../client/client.ts';
import { count, type JsonObject, text } from '../../client/secret.ts';
import { type Context, defineCommand } from '../../command.ts';
import { orFail, usageFailure } from '../../failure.ts';
import { boolFlag, type FlagTable, textFlag } from '../../flags.ts';
import { printData } from '../../format/output.ts';
import { columns } from '../../format/table.ts';
import { wrap } from '../../format/wrap.ts';
import { expectArguments } from '../../input/arguments.ts';
import type { Ui } from '../../ui.ts';
import { readKey } from './key-prompt.ts';
import { readPgpKeys } from './pgp-keys.ts';
import { decodeToken, makeOtp } from './root-token.ts';

const ROOT_FLAGS = {
  init: boolFlag('Start a root token generation.'),
  cancel: boolFlag('Forget the keys that were given so far and end the generation.'),
  status: boolFlag('Print how far the generation is.'),
  decode: textFlag('The encoded token to decode with -otp.'),
  'generate-otp': boolFlag('Print a one-time password for -init.'),
  otp: textFlag('The one-time password.'),
  'pgp-key': textFlag(
    'File with a public PGP key to encrypt the token with, instead of a password.',
  ),
  nonce: textFlag('The nonce of the generation, with a key that is given as an argument.'),
} as const satisfies FlagTable;

type RootContext = Context<typeof ROOT_FLAGS>;

const ATTEMPT = 'sys/generate-root/attempt';

export const operatorGenerateRoot = defineCommand({
  usage: 'operator generate-root [options] [KEY]',
  about:
    'Generates a new root token by combining a quorum of share holders. One of -otp and -pgp-key says how the new token gets to its owner.\n\n      $ vault operator generate-root -init\n      $ vault operator generate-root -nonce=... KEY\n      $ vault operator generate-root -decode=ENCODED -otp=OTP',
  shared: ['http', 'format'],
  flags: ROOT_FLAGS,
  run: async (context) => {
    const { flags, args, connect } = context;
    expectArguments(args, 0, 1);
    const client = connect();
    if (flags['generate-otp']) return printOtp(context, client);
    if (flags.decode !== '') return decode(context);
    if (flags.cancel) return cancel(context, client);
    if (flags.init) return start(context, client);
    if (flags.status) return printProgress(context.ui, await progress(client));
    return provide(context, client);
  },
});

const progress = (client: Client): Promise<JsonObject> =>
  orFail('Error getting root generation status', client.fetch('GET', ATTEMPT));

async function printOtp({ ui }: RootContext, client: Client): Promise<number> {
  const length = count((await progress(client))['otp_length']);
  const otp = makeOtp(length);
  if (ui.format !== 'table') return printData(ui, { otp, otp_length: length });
  ui.output(otp);
  return 0;
}

async function decode({ flags, host, ui }: RootContext): Promise<number> {
  if (flags.otp === '') throw usageFailure('Missing otp: use -otp to supply it');
  const encoded = flags.decode === '-' ? host.readStdin().trim() : flags.decode;
  const token = decodeToken(encoded, flags.otp);
  if (ui.format !== 'table') return printData(ui, { token });
  ui.output(token);
  return 0;
}

async function cancel({ ui }: RootContext, client: Client): Promise<number> {
  await orFail('Error canceling root token generation', client.delete(ATTEMPT));
  ui.output('Success! Root token generation canceled (if it was started)');
  return 0;
}

async function start({ flags, host, ui }: RootContext, client: Client): Promise<number> {
  const key = flags['pgp-key'] === '' ? '' : (readPgpKeys(flags['pgp-key'], host)[0] ?? '');
  const body = { otp: flags.otp, pgp_key: key };
  const request = client.fetch('PUT', ATTEMPT, { body });
  const state = await orFail('Error initializing root generation', request);
  if (ui.format === 'table' && flags.otp === '' && key === '') ui.error(wrap(KEEP_OTP));
  return printProgress(ui, state);
}

const KEEP_OTP =
  'A One-Time-Password has been generated for you and is shown in the OTP field. You will need this value to decode the resulting root token, so keep it safe.';

async function provide({ flags, args, host, ui }: RootContext, client: Client): Promise<number> {
  const state = await progress(client);
  if (state['started'] !== true) {
    throw usageFailure(
      wrap(
        'No root generation is in progress. Start a root generation by running "vault operator generate-root -init".',
      ),
    );
  }
  const question = {
    typed: (args[0] ?? '').trim(),
    nonce: flags.nonce,
    nonceOfServer: text(state['nonce']),
    name: 'Unseal Key',
    nonceName: 'Operation nonce',
  };
  const body = await readKey(question, host);
  const request = client.fetch('PUT', 'sys/generate-root/update', { body });
  return printProgress(ui, await orFail('Error posting unseal key', request));
}

async function printProgress(ui: Ui, state: JsonObject): Promise<number> {
  if (ui.format !== 'table') return printData(ui, structure(state));
  const optional = [
    ['PGP Fingerprint', text(state['pgp_fingerprint'])],
    ['Encoded Token', text(state['encoded_token'])],
    ['OTP', text(state['otp'])],
    ['OTP Length', count(state['otp_length']) === 0 ? '' : String(count(state['otp_length']))],
  ] as const;
  ui.output(
    columns([
      ['Nonce', text(state['nonce'])],
      ['Started', String(state['started'] === true)],
      ['Progress', `${count(state['progress'])}/${count(state['required'])}`],
      ['Complete', String(state['complete'] === true)],
      ...optional.filter(([, value]) => value !== ''),
    ]),
  );
  return 0;
}

const structure = (state: JsonObject): ReadonlyMap<string, unknown> =>
  new Map<string, unknown>([
    ['nonce', text(state['nonce'])],
    ['started', state['started'] === true],
    ['progress', count(state['progress'])],
    ['required', count(state['required'])],
    ['complete', state['complete'] === true],
    ['encoded_token', text(state['encoded_token'])],
    ['encoded_root_token', text(state['encoded_root_token'])],
    ['pgp_fingerprint', text(state['pgp_fingerprint'])],
    ['otp', text(state['otp'])],
    ['otp_length', count(state['otp_length'])],
  ]);
