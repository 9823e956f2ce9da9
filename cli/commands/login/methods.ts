// The methods by which `vault login` can log in. Others are used by `vault write auth/...`.
import type { LoginMethod } from './method.ts';

const METHODS: Readonly<Record<string, () => Promise<LoginMethod>>> = {
  cert: async () => (await import('./cert.ts')).certLogin,
  ldap: async () => (await import('./password.ts')).passwordLogin('ldap'),
  okta: async () => (await import('./password.ts')).passwordLogin('okta'),
  radius: async () => (await import('./password.ts')).passwordLogin('radius'),
  token: async () => (await import('./token.ts')).tokenLogin,
  userpass: async () => (await import('./password.ts')).passwordLogin('userpass'),
};

/** The method of a name, or nothing where the command line knows none. */
export const loginMethod = async (name: string): Promise<LoginMethod | undefined> =>
  Object.hasOwn(METHODS, name) ? METHODS[name]?.() : undefined;
