// Login by user and password: the methods differ in nothing but their name.
import type { Host } from '../../host.ts';
import type { LoginMethod } from './method.ts';

export const passwordLogin = (name: string): LoginMethod => ({
  help: `Usage: vault login -method=${name} [CONFIG K=V...]\n\n  The ${name} auth method logs in with a username and password. A password that is not given is asked for.\n\n      $ vault login -method=${name} username=my-username\n\nConfiguration:\n\n  password=<string>\n      Password of the user.\n\n  username=<string>\n      Name of the user.`,
  login: async ({ client, mount, config, host }) => {
    const username = config['username'] ?? '';
    if (username === '') throw new Error("'username' must be specified");
    const password = config['password'] || (await ask(host));
    const secret = await client.write(`auth/${mount}/login/${username}`, { password });
    if (secret === undefined) throw new Error('empty response from credential provider');
    return secret;
  },
});

async function ask(host: Host): Promise<string> {
  host.stderr('Password (will be hidden): ');
  try {
    return await host.readHidden();
  } finally {
    host.stderr('\n');
  }
}
