// The flags that many commands share: how to reach the server, and how to print its answer.
import { boolFlag, durationFlag, type FlagTable, listFlag, mapFlag, textFlag } from './flags.ts';

export const HTTP_FLAGS = {
  address: textFlag('Address of the server. The default is https://127.0.0.1:8200.', '', {
    variable: 'VAULT_ADDR',
  }),
  'agent-address': textFlag('Address of an agent that is asked instead of the server.', '', {
    variable: 'VAULT_AGENT_ADDR',
  }),
  'ca-cert': textFlag(
    'Path on the local disk to a single PEM-encoded CA certificate that verifies the server. It takes precedence over -ca-path.',
    '',
    { variable: 'VAULT_CACERT' },
  ),
  'ca-path': textFlag(
    'Path on the local disk to a directory of PEM-encoded CA certificates that verify the server.',
    '',
    { variable: 'VAULT_CAPATH' },
  ),
  'client-cert': textFlag(
    'Path on the local disk to a PEM-encoded certificate that this client presents to the server. It needs -client-key.',
    '',
    { variable: 'VAULT_CLIENT_CERT' },
  ),
  'client-key': textFlag('Path on the local disk to the PEM-encoded key of -client-cert.', '', {
    variable: 'VAULT_CLIENT_KEY',
  }),
  'tls-server-name': textFlag('Name to expect in the certificate of the server.', '', {
    variable: 'VAULT_TLS_SERVER_NAME',
  }),
  'tls-skip-verify': boolFlag(
    'Accept any certificate. Whoever stands between this client and the server can then read and change everything.',
    false,
    { variable: 'VAULT_SKIP_VERIFY' },
  ),
  'disable-redirects': boolFlag('Do not follow a redirect of the server.', false, {
    variable: 'VAULT_DISABLE_REDIRECTS',
  }),
  namespace: textFlag('The namespace to use for the command.', '', {
    aliases: ['ns'],
    variable: 'VAULT_NAMESPACE',
  }),
  'wrap-ttl': durationFlag(
    'Wraps the answer in a token that lives as long as this says, such as "30s" or "5m". "vault unwrap" opens it.',
    0,
    { variable: 'VAULT_WRAP_TTL' },
  ),
  header: mapFlag(
    'A header, as key=value, to send with every request. May be given more than once.',
  ),
  mfa: listFlag('Credentials for multi-factor authentication of this request.', {
    variable: 'VAULT_MFA',
  }),
  'policy-override': boolFlag('Override a soft-mandatory Sentinel policy.'),
  'output-curl-string': boolFlag('Print the request as a curl command instead of sending it.'),
  'output-policy': boolFlag('Print the policy that the request needs instead of sending it.'),
  'non-interactive': boolFlag('Never ask at the terminal.'),
} as const satisfies FlagTable;

export const FORMAT_FLAGS = {
  format: textFlag('Print the answer as "table", "json", "yaml", or "pretty".', 'table', {
    variable: 'VAULT_FORMAT',
  }),
} as const satisfies FlagTable;

export const FIELD_FLAGS = {
  field: textFlag(
    'Print only the field of this name, without an end of line where a program reads it.',
  ),
} as const satisfies FlagTable;

export const DETAILED_FLAGS = {
  detailed: boolFlag('Print what is known about each key besides its name.'),
} as const satisfies FlagTable;
