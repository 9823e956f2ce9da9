// Login with a token that is there already: it is looked up, so that a wrong one is not kept.
import { EMPTY_SECRET, count, object, type Secret, text, texts } from '../../client/secret.ts';
import { messageOf } from '../../failure.ts';
import type { Host } from '../../host.ts';
import type { LoginMethod } from './method.ts';

export const tokenLogin: LoginMethod = {
  help: 'Usage: vault login TOKEN [CONFIG K=V...]\n\n  The token auth method logs in with a token that is there already. If the TOKEN is "-", it is read from standard input; without one it is asked for.\n\n      $ vault login 96ddf4bc-d217-f3ba-f9bd-017055595017\n\nConfiguration:\n\n  token=<string>\n      The token.\n\n  lookup=<bool>\n      Whether to look the token up. The default is true.',
  login: async ({ client, config, host }) => {
    const token = (config['token'] ?? (await ask(host))).trim();
    if (token === '') {
      throw new Error('a token must be passed to auth, please view the help for more information');
    }
    client.token = token;
    if (/^(0|f|false)$/i.test(config['lookup'] ?? '')) return withAuth(token, EMPTY_SECRET);
    try {
      const found = await client.call('GET', 'auth/token/lookup-self', { isAside: true });
      if (found === undefined) throw new Error('empty response from lookup-self');
      return withAuth(token, found);
    } catch (error) {
      throw new Error(`error looking up token: ${messageOf(error)}`, { cause: error });
    }
  },
};

async function ask(host: Host): Promise<string> {
  host.stderr('Token (will be hidden): ');
  try {
    return await host.readHidden();
  } catch (error) {
    throw new Error(
      `An error occurred attempting to ask for a token. The raw error message is shown below, but usually this is because you attempted to pipe a value into the command or you are executing outside of a terminal (tty). If you want to pipe the value, pass "-" as the argument to read from stdin. The raw error was: ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    host.stderr('\n');
  }
}

/** What is known about the token, as if a login had just answered it. */
function withAuth(token: string, found: Secret): Secret {
  const data = found.data ?? {};
  const policies = texts(data['policies']);
  return {
    ...EMPTY_SECRET,
    auth: {
      clientToken: text(data['id']) || token,
      accessor: text(data['accessor']),
      policies,
      tokenPolicies: policies,
      identityPolicies: texts(data['identity_policies']),
      metadata: object(data['meta']),
      orphan: false,
      entityId: '',
      leaseDuration: count(data['ttl']),
      renewable: data['renewable'] === true,
      mfaRequirement: undefined,
    },
  };
}
