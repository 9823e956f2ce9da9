// Login with the client certificate of the connection.
import type { LoginMethod } from './method.ts';

export const certLogin: LoginMethod = {
  help: 'Usage: vault login -method=cert [CONFIG K=V...]\n\n  The certificate auth method logs in with the TLS client certificate that -client-cert and -client-key name.\n\n      $ vault login -method=cert -client-cert=cert.pem -client-key=key.pem\n\nConfiguration:\n\n  name=<string>\n      Certificate role to authenticate against. Without it any that fits is taken.',
  login: async ({ client, mount, config }) => {
    const name = config['name'] ?? '';
    const secret = await client.write(`auth/${mount}/login`, name === '' ? {} : { name });
    if (secret === undefined) throw new Error('empty response from credential provider');
    return secret;
  },
};
