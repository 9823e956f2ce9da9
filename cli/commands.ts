// The table of commands: what there is, in one line each. A command is loaded only when it runs.
import { type Group, leaf } from './command-table.ts';
import { KV } from './commands/kv/group.ts';
import { OPERATOR } from './commands/operator/group.ts';

const AUDIT: Group = {
  synopsis: 'Interact with audit devices',
  members: {
    disable: leaf('Disables an audit device', () => import('./commands/audit.ts'), 'auditDisable'),
    enable: leaf('Enables an audit device', () => import('./commands/audit.ts'), 'auditEnable'),
    list: leaf('Lists enabled audit devices', () => import('./commands/audit.ts'), 'auditList'),
  },
};

const AUTH: Group = {
  synopsis: 'Interact with auth methods',
  members: {
    disable: leaf('Disables an auth method', () => import('./commands/auth.ts'), 'authDisable'),
    enable: leaf('Enables a new auth method', () => import('./commands/auth.ts'), 'authEnable'),
    help: leaf('Prints usage for an auth method', () => import('./commands/auth.ts'), 'authHelp'),
    list: leaf('Lists enabled auth methods', () => import('./commands/auth.ts'), 'authList'),
    move: leaf('Move an auth method to a new path', () => import('./commands/auth.ts'), 'authMove'),
    tune: leaf(
      'Tunes an auth method configuration',
      () => import('./commands/auth.ts'),
      'authTune',
    ),
  },
};

const LEASE: Group = {
  synopsis: 'Interact with leases',
  members: {
    lookup: leaf(
      'Lookup the lease of a secret',
      () => import('./commands/lease.ts'),
      'leaseLookup',
    ),
    renew: leaf('Renews the lease of a secret', () => import('./commands/lease.ts'), 'leaseRenew'),
    revoke: leaf('Revokes leases and secrets', () => import('./commands/lease.ts'), 'leaseRevoke'),
  },
};

const NAMESPACE: Group = {
  synopsis: 'Interact with namespaces',
  members: {
    create: leaf(
      'Create a new namespace',
      () => import('./commands/namespace.ts'),
      'namespaceCreate',
    ),
    delete: leaf(
      'Delete an existing namespace',
      () => import('./commands/namespace.ts'),
      'namespaceDelete',
    ),
    list: leaf('List child namespaces', () => import('./commands/namespace.ts'), 'namespaceList'),
    lookup: leaf(
      'Look up an existing namespace',
      () => import('./commands/namespace.ts'),
      'namespaceLookup',
    ),
  },
};

const PKI: Group = {
  synopsis: "Interact with Vault's PKI Secrets Engine",
  members: {
    'health-check': leaf(
      'Check a PKI mount for common misconfigurations',
      () => import('./commands/pki/health-check.ts'),
      'pkiHealthCheck',
    ),
    issue: leaf(
      'Given a parent certificate, and a list of generation parameters, creates an issuer on a specified mount',
      () => import('./commands/pki/issue.ts'),
      'pkiIssue',
    ),
    'list-intermediates': leaf(
      'Determine which of a list of certificates, were issued by a given parent certificate',
      () => import('./commands/pki/relations.ts'),
      'pkiListIntermediates',
    ),
    'verify-sign': leaf(
      'Check whether one certificate validates another specified certificate',
      () => import('./commands/pki/relations.ts'),
      'pkiVerifySign',
    ),
  },
};

const PLUGIN: Group = {
  synopsis: 'Interact with Vault plugins and catalog',
  members: {
    deregister: leaf(
      'Deregister an existing plugin in the catalog',
      () => import('./commands/plugin.ts'),
      'pluginDeregister',
    ),
    info: leaf(
      'Read information about a plugin in the catalog',
      () => import('./commands/plugin.ts'),
      'pluginInfo',
    ),
    list: leaf('Lists available plugins', () => import('./commands/plugin.ts'), 'pluginList'),
    register: leaf(
      'Registers a new plugin in the catalog',
      () => import('./commands/plugin.ts'),
      'pluginRegister',
    ),
    reload: leaf(
      'Reload mounted plugin backend',
      () => import('./commands/plugin.ts'),
      'pluginReload',
    ),
  },
};

const POLICY: Group = {
  synopsis: 'Interact with policies',
  members: {
    delete: leaf('Deletes a policy by name', () => import('./commands/policy.ts'), 'policyDelete'),
    fmt: leaf(
      'Formats a policy on disk',
      () => import('./commands/policy-format.ts'),
      'policyFormat',
    ),
    list: leaf('Lists the installed policies', () => import('./commands/policy.ts'), 'policyList'),
    read: leaf(
      'Prints the contents of a policy',
      () => import('./commands/policy.ts'),
      'policyRead',
    ),
    write: leaf(
      'Uploads a named policy from a file',
      () => import('./commands/policy.ts'),
      'policyWrite',
    ),
  },
};

const PRINT: Group = {
  synopsis: 'Prints runtime configurations',
  usage: '<subcommand>',
  members: {
    token: leaf(
      'Prints the vault token currently in use',
      () => import('./commands/print-token.ts'),
      'printToken',
    ),
  },
};

const SECRETS: Group = {
  synopsis: 'Interact with secrets engines',
  members: {
    disable: leaf(
      'Disable a secrets engine',
      () => import('./commands/secrets.ts'),
      'secretsDisable',
    ),
    enable: leaf('Enable a secrets engine', () => import('./commands/secrets.ts'), 'secretsEnable'),
    list: leaf(
      'List enabled secrets engines',
      () => import('./commands/secrets.ts'),
      'secretsList',
    ),
    move: leaf(
      'Move a secrets engine to a new path',
      () => import('./commands/secrets.ts'),
      'secretsMove',
    ),
    tune: leaf(
      'Tune a secrets engine configuration',
      () => import('./commands/secrets.ts'),
      'secretsTune',
    ),
  },
};

const TOKEN: Group = {
  synopsis: 'Interact with tokens',
  members: {
    capabilities: leaf(
      'Print capabilities of a token on a path',
      () => import('./commands/token/capabilities.ts'),
      'tokenCapabilities',
    ),
    create: leaf('Create a new token', () => import('./commands/token/create.ts'), 'tokenCreate'),
    lookup: leaf(
      'Display information about a token',
      () => import('./commands/token/lookup.ts'),
      'tokenLookup',
    ),
    renew: leaf('Renew a token lease', () => import('./commands/token/renew.ts'), 'tokenRenew'),
    revoke: leaf(
      'Revoke a token and its children',
      () => import('./commands/token/revoke.ts'),
      'tokenRevoke',
    ),
  },
};

const TRANSIT: Group = {
  synopsis: "Interact with Vault's Transit Secrets Engine",
  members: {
    import: leaf(
      'Import a key into the Transit secrets engines',
      () => import('./commands/transit.ts'),
      'transitImport',
    ),
    'import-version': leaf(
      'Import key material into a new key version in the Transit secrets engines',
      () => import('./commands/transit.ts'),
      'transitImportVersion',
    ),
  },
};

export const COMMANDS: Group = {
  synopsis: 'The command line of the server',
  members: {
    audit: AUDIT,
    auth: AUTH,
    delete: leaf(
      'Delete secrets and configuration',
      () => import('./commands/delete.ts'),
      'deletePath',
    ),
    kv: KV,
    lease: LEASE,
    list: leaf('List data or secrets', () => import('./commands/list.ts'), 'list'),
    login: leaf('Authenticate locally', () => import('./commands/login/login.ts'), 'login'),
    operator: OPERATOR,
    patch: leaf(
      'Patch data, configuration, and secrets',
      () => import('./commands/patch.ts'),
      'patch',
    ),
    'path-help': leaf(
      'Retrieve API help for paths',
      () => import('./commands/path-help.ts'),
      'pathHelp',
    ),
    namespace: NAMESPACE,
    pki: PKI,
    plugin: PLUGIN,
    policy: POLICY,
    print: PRINT,
    read: leaf('Read data and retrieves secrets', () => import('./commands/read.ts'), 'read'),
    secrets: SECRETS,
    server: leaf('Start a Vault server', () => import('./commands/server.ts'), 'server'),
    status: leaf('Print seal and HA status', () => import('./commands/status.ts'), 'status'),
    token: TOKEN,
    transit: TRANSIT,
    unwrap: leaf('Unwrap a wrapped secret', () => import('./commands/unwrap.ts'), 'unwrap'),
    version: leaf('Prints the Vault CLI version', () => import('./commands/version.ts'), 'version'),
    write: leaf(
      'Write data, configuration, and secrets',
      () => import('./commands/write.ts'),
      'write',
    ),
  },
};
