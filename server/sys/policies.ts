// sys/policies/acl and its older form sys/policy: policies written, read, listed and deleted.
// https://developer.hashicorp.com/vault/api-docs/system/policies
import type { Call } from '#sdk/call.ts';
import { badRequest } from '#sdk/errors.ts';
import { path as wholePath, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply, type DataReply } from '#sdk/reply.ts';
import {
  IMMUTABLE_POLICIES,
  isPolicyName,
  NON_ASSIGNABLE_POLICIES,
  policyName,
} from '../policy/names.ts';
import { PolicyError } from '../policy/parse.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

type Named = { readonly name: string };

const listing = { summary: 'List the policies' } as const;

const list = path('policies/acl/', {
  help: 'List the configured access control policies.',
  fields: {},
  operations: {
    list: { standby: 'serve', ...listing, handler: (call) => reply({ keys: namesOf(call) }) },
  },
});

const oldList = path('policy/', {
  help: 'List the configured access control policies.',
  isFlat: true,
  fields: {},
  operations: {
    read: { standby: 'serve', ...listing, handler: both },
    list: { ...listing, handler: both },
  },
});

const name = wholePath('The name of the policy. Example: "ops"');

const policy = path('policies/acl/{name...}', {
  help: 'Read, Modify, or Delete an access control policy.\n\nRead the rules of an existing policy, create or update the rules of a policy,\nor delete a policy.',
  fields: { name, policy: text('The rules of the policy, also in base64').default('') },
  operations: {
    read: { standby: 'serve', summary: 'Read a policy', handler: (call) => read(call, 'policy') },
    write: { summary: 'Write a policy', handler: (call) => write(call, call.data.policy) },
    delete: { summary: 'Delete a policy', handler: remove },
  },
});

const oldPolicy = path('policy/{name...}', {
  help: 'Read, Modify, or Delete an access control policy.\n\nRead the rules of an existing policy, create or update the rules of a policy,\nor delete a policy.',
  isFlat: true,
  fields: {
    name,
    policy: text('The rules of the policy, also in base64').default(''),
    rules: text('The older name of "policy"').default(''),
  },
  operations: {
    read: { standby: 'serve', summary: 'Read a policy', handler: (call) => read(call, 'rules') },
    write: { summary: 'Write a policy', handler: writeOld },
    delete: { summary: 'Delete a policy', handler: remove },
  },
});

export const policyPaths = [list, oldList, policy, oldPolicy];

/** `root` is last: it has no text, and lies beside the others. */
function namesOf({ engine: { services, transaction } }: Call<System, unknown>): readonly string[] {
  const names = services.policies.names(transaction);
  return [...names.filter((one) => !NON_ASSIGNABLE_POLICIES.includes(one)), 'root'];
}

function both(call: Call<System, unknown>): DataReply {
  const names = namesOf(call);
  return reply({ keys: names, policies: names });
}

function read(
  { engine: { services, transaction }, data }: Call<System, Named>,
  textName: 'policy' | 'rules',
): DataReply | undefined {
  const canonical = policyName(data.name);
  if (canonical === 'root') return reply({ name: canonical, [textName]: '' });
  const found = services.policies.text(transaction, canonical);
  return found === undefined ? undefined : reply({ name: canonical, [textName]: found });
}

function writeOld(call: Call<System, Named & { readonly policy: string; readonly rules: string }>) {
  const { policy: given, rules } = call.data;
  if (given !== '' || rules === '') return write(call, given);
  write(call, rules);
  call.warn("'rules' is deprecated, please use 'policy' instead");
  return reply(null);
}

function write(
  { engine: { services, transaction }, data, warn }: Call<System, Named>,
  given: string,
): DataReply | undefined {
  const canonical = policyName(data.name);
  if (given === '') throw badRequest("'policy' parameter not supplied or empty");
  if (IMMUTABLE_POLICIES.includes(canonical)) {
    throw badRequest(`cannot update "${canonical}" policy`);
  }
  if (!isPolicyName(canonical)) throw badRequest('invalid policy name');
  try {
    services.policies.put(transaction, canonical, decodeText(given));
  } catch (error) {
    throw error instanceof PolicyError ? badRequest(error.message) : error;
  }
  if (canonical === data.name) return undefined;
  warn(`policy name was converted to ${canonical}`);
  return reply(null);
}

function remove({ engine: { services, transaction }, data }: Call<System, Named>): undefined {
  const canonical = policyName(data.name);
  if (IMMUTABLE_POLICIES.includes(canonical)) {
    throw badRequest(`cannot delete "${canonical}" policy`);
  }
  if (canonical === 'default') throw badRequest('cannot delete default policy');
  services.policies.delete(transaction, canonical);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A text that is base64 as a whole is taken for that. */
export function decodeText(given: string): string {
  const bare = given.replaceAll(/[\r\n]/g, '');
  return BASE64.test(bare) ? Buffer.from(bare, 'base64').toString() : given;
}
