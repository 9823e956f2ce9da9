// `vault login`: gets a token and keeps it for the commands that follow.
import type { Secret } from '../../client/secret.ts';
import { type Context, defineCommand } from '../../command.ts';
import { messageOf, orFail, serverFailure, usageFailure } from '../../failure.ts';
import { boolFlag, type FlagTable, textFlag } from '../../flags.ts';
import { printField, printSecret } from '../../format/output.ts';
import { wrap } from '../../format/wrap.ts';
import type { Host } from '../../host.ts';
import { sanitizePath } from '../../input/arguments.ts';
import { parseTexts } from '../../input/pairs.ts';
import { storeToken } from '../../token-helper.ts';
import type { Ui } from '../../ui.ts';
import { loginMethod } from './methods.ts';
import { confirmWithSecondFactor } from './second-factor.ts';
import { openWrapped } from './wrapped.ts';

const LOGIN_FLAGS = {
  method: textFlag('The auth method to use.', 'token'),
  path: textFlag('Where the method is mounted below "auth/"; by default at its own name.'),
  'no-store': boolFlag('Do not keep the token for later commands.'),
  'no-print': boolFlag('Do not print the token.'),
  'token-only': boolFlag('Print the token and nothing else, and do not keep it.'),
} as const satisfies FlagTable;

export const login = defineCommand({
  usage: 'login [options] [AUTH K=V...]',
  about:
    'Authenticates users or machines to Vault using the provided arguments. A successful authentication results in a Vault token, which is kept on the local machine for future requests.\n\n      $ vault login\n      $ vault login -method=userpass username=my-username\n\nThe method "token" takes a token as its argument, "-" for one on standard input.',
  shared: ['http', 'field', 'format'],
  flags: LOGIN_FLAGS,
  run: async (context) => {
    const { flags, host, ui, connect } = context;
    if (flags['no-store'] && flags['no-print']) {
      throw usageFailure('-no-store and -no-print cannot be used together');
    }
    const name = sanitizePath(flags.method) || 'token';
    const method = await loginMethod(name);
    if (method === undefined) throw usageFailure(unknownMethod(name));
    const config = configuration(name, context.args, host);
    const client = connect();
    // A token of a former login has no part in this one.
    if (name !== 'token') client.token = '';
    const mount = config['mount'] || sanitizePath(flags.path || name);
    const { isInteractive } = context;
    const request = { client, mount, config, host, isInteractive };
    const first = await orFail('Error authenticating', method.login(request));
    const answer = await confirmWithSecondFactor(first, request, ui);
    const keepsWrapped = flags['token-only'] || flags['no-store'];
    const opened = await openWrapped(client, answer, keepsWrapped);
    if (opened.isWrapped) return printWrapped(context, opened.secret);
    return finish(context, opened.secret);
  },
});

type LoginContext = Context<typeof LOGIN_FLAGS>;

const unknownMethod = (name: string): string =>
  [
    `Unknown auth method: ${name}. Use "vault auth list" to see the complete list of`,
    'auth methods. Additionally, some auth methods are only available via the HTTP',
    'API.',
  ].join('\n');

/** A single word is a token; `-` is one on standard input. */
function configuration(
  method: string,
  args: readonly string[],
  host: Host,
): Readonly<Record<string, string>> {
  const [first, ...rest] = args;
  const isToken = method === 'token' && first !== undefined && !first.includes('=');
  try {
    return parseTexts(isToken ? [`token=${first}`, ...rest] : args, host);
  } catch (error) {
    throw usageFailure(`Error parsing configuration: ${messageOf(error)}`);
  }
}

/** Whoever asked for the token alone, or not to keep it, gets the wrapped one. */
async function printWrapped({ flags, ui }: LoginContext, secret: Secret): Promise<number> {
  return flags['token-only'] ? printField(ui, secret, 'wrapping_token') : printSecret(ui, secret);
}

async function finish({ flags, field, host, ui }: LoginContext, secret: Secret): Promise<number> {
  if (secret.auth === undefined) {
    throw serverFailure(
      wrap(
        'Vault returned a secret, but the secret has no authentication information attached. This should never happen and is likely a bug.',
      ),
    );
  }
  const isTokenOnly = flags['token-only'];
  if (!flags['no-store'] && !isTokenOnly) keep(ui, host, secret.auth.clientToken);
  else if (!isTokenOnly) warn(ui, NOT_KEPT);
  if (flags['no-print']) return 0;
  const wanted = isTokenOnly ? 'token' : field;
  if (wanted !== '') return printField(ui, secret, wanted);
  if (ui.format === 'table') ui.output(`${SUCCESS}\n`);
  return printSecret(ui, secret);
}

// Scripts look for these lines: their ends are part of them.
const SUCCESS = [
  'Success! You are now authenticated. The token information displayed below is',
  'already stored in the token helper. You do NOT need to run "vault login" again.',
  'Future Vault requests will automatically use this token.',
].join('\n');
const NOT_KEPT = [
  'The token was not stored in token helper. Set the VAULT_TOKEN environment',
  'variable or pass the token below with each request to Vault.',
].join('\n');
const VARIABLE_IS_SET = [
  'WARNING! The VAULT_TOKEN environment variable is set! The value of this variable',
  'will take precedence; if this is unwanted please unset VAULT_TOKEN or update its',
  'value accordingly.',
].join('\n');

function keep(ui: Ui, host: Host, token: string): void {
  try {
    storeToken(host, token);
  } catch (error) {
    throw serverFailure(`Error storing token: ${messageOf(error)}`);
  }
  if ((host.environment['VAULT_TOKEN'] ?? '') !== '') warn(ui, VARIABLE_IS_SET);
}

const warn = (ui: Ui, message: string): void => ui.error(`${message}\n`);
