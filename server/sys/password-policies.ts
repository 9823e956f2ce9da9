// sys/policies/password: policies that say what a generated password looks like, and passwords made by them.
// https://developer.hashicorp.com/vault/api-docs/system/policies-password
import type { Call } from '#sdk/call.ts';
import { ClientError, invalidRequest } from '#sdk/errors.ts';
import { path as wholePath, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { listReply, reply } from '#sdk/reply.ts';
import { isKey } from '#sdk/storage.ts';
import {
  generatePassword,
  parsePasswordPolicy,
  PasswordPolicyError,
  type PasswordPolicy,
} from '../policy/password.ts';
import { decodeText } from './policies.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const PREFIX = 'sys/password_policy/';

interface PasswordPolicyRecord {
  /** As it was written. */
  readonly text: string;
}

type Named = Call<System, { readonly name: string }>;

const list = path('policies/password/', {
  help: 'List the existing password policies.',
  fields: {},
  operations: {
    list: {
      standby: 'serve',
      summary: 'List the password policies',
      handler: ({ engine: { transaction } }) => listReply(namesBelow(transaction, '')),
    },
  },
});

const name = wholePath('The name of the password policy');

const policy = path('policies/password/{name...}', {
  help: 'Read, Modify, or Delete a password policy.\n\nRead the rules of an existing password policy, create or update the rules of a\npassword policy, or delete a password policy.',
  fields: { name, policy: text('The password policy, also in base64').default('') },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Read a password policy',
      handler: (call) => reply({ policy: textOf(call) }),
    },
    write: { summary: 'Write a password policy', handler: write },
    delete: {
      summary: 'Delete a password policy',
      handler: ({ engine: { transaction }, data }) => {
        if (isKey(data.name)) transaction.delete(PREFIX + data.name);
        return undefined;
      },
    },
  },
});

const generate = path('policies/password/{name...}/generate', {
  help: 'Generate a password from an existing password policy.',
  fields: { name },
  operations: {
    read: {
      standby: 'serve',
      summary: 'Generate a password',
      handler: (call) => reply({ password: generatePassword(parse(textOf(call))) }),
    },
  },
});

export const passwordPolicyPaths = [list, policy, generate];

function textOf({ engine: { transaction }, data }: Named): string {
  const record = isKey(data.name)
    ? transaction.get<PasswordPolicyRecord>(PREFIX + data.name)
    : undefined;
  if (record !== undefined) return record.text;
  throw new ClientError(404, 'policy does not exist', { isCollected: true });
}

function write({
  engine: { transaction },
  data,
}: Call<System, { readonly name: string; readonly policy: string }>): undefined {
  if (data.policy === '') throw invalidRequest('missing policy');
  if (!isKey(data.name)) throw invalidRequest('invalid policy name');
  const decoded = decodeText(data.policy);
  parse(decoded);
  transaction.put(PREFIX + data.name, { text: decoded } satisfies PasswordPolicyRecord);
}

function parse(given: string): PasswordPolicy {
  try {
    return parsePasswordPolicy(given);
  } catch (error) {
    throw error instanceof PasswordPolicyError ? invalidRequest(error.message) : error;
  }
}

/** Names may have slashes, so that they lie in folders. */
function namesBelow(transaction: System['transaction'], folder: string): readonly string[] {
  return transaction
    .list(PREFIX + folder)
    .flatMap((one) => (one.endsWith('/') ? namesBelow(transaction, folder + one) : [folder + one]));
}
