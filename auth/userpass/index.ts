// The auth method for people and programs that have a name and a password.
import { defineAuthMethod } from '#sdk/engine.ts';
import { login, renewLogin } from './login.ts';
import { Passwords } from './passwords.ts';
import { user, userPassword, userPolicies, users } from './users.ts';

export const userpass = defineAuthMethod({
  type: 'userpass',
  help: `Logs in users with a name and a password

  Users are kept here, with the policies and limits of the tokens that they get.`,
  paths: [users, user, userPassword, userPolicies, login],
  start: () => new Passwords(),
  renew: renewLogin,
});
