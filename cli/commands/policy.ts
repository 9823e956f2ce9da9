// `vault policy`: policies are listed, read, written and deleted.
import type { Client } from '../client/client.ts';
import { ResponseError } from '../client/response-error.ts';
import { text, texts } from '../client/secret.ts';
import { defineCommand } from '../command.ts';
import { orFail, serverFailure } from '../failure.ts';
import { printData } from '../format/output.ts';
import { expectArguments, onlyArgument } from '../input/arguments.ts';
import { readPolicy } from './policy-file.ts';

export const policyList = defineCommand({
  usage: 'policy list [options]',
  about: 'Lists the names of the policies that are installed on the Vault server.',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    expectArguments(args, 0);
    const query = [['list', 'true']] as const;
    const request = connect().fetch('GET', 'sys/policies/acl', { query });
    const names = texts((await orFail('Error listing policies', request))['keys']) ?? [];
    if (ui.format !== 'table') return printData(ui, names);
    for (const name of names) ui.output(name);
    return 0;
  },
});

export const policyRead = defineCommand({
  usage: 'policy read [options] [NAME]',
  about:
    'Prints the contents and metadata of the Vault policy named NAME. If the policy does not exist, an error is returned.\n\n      $ vault policy read my-policy',
  shared: ['http', 'format'],
  run: async ({ args, ui, connect }) => {
    const name = policyName(onlyArgument(args));
    const rules = await orFail(`Error reading policy named ${name}`, rulesOf(connect(), name));
    if (rules === '') throw serverFailure(`No policy named: ${name}`);
    if (ui.format !== 'table') return printData(ui, { policy: rules });
    ui.output(rules.trim());
    return 0;
  },
});

export const policyWrite = defineCommand({
  usage: 'policy write [options] NAME PATH',
  about:
    'Uploads a policy with name NAME from the contents of a local file PATH or standard input. If PATH is "-", the policy is read from standard input.\n\n      $ vault policy write my-policy /tmp/policy.hcl\n      $ cat my-policy.hcl | vault policy write my-policy -',
  shared: ['http'],
  run: async ({ args, host, ui, connect }) => {
    expectArguments(args, 2);
    const name = policyName(args[0] ?? '');
    const policy = readPolicy(args[1] ?? '', host);
    const request = connect().write(`sys/policies/acl/${name}`, { policy });
    await orFail('Error uploading policy', request);
    ui.output(`Success! Uploaded policy: ${name}`);
    return 0;
  },
});

export const policyDelete = defineCommand({
  usage: 'policy delete [options] NAME',
  about:
    'Deletes the policy named NAME in the Vault server. Once the policy is deleted, all tokens associated with the policy are affected immediately. The policies "default" and "root" cannot be deleted.\n\n      $ vault policy delete my-policy',
  shared: ['http'],
  run: async ({ args, ui, connect }) => {
    const name = policyName(onlyArgument(args));
    await orFail(`Error deleting ${name}`, connect().delete(`sys/policies/acl/${name}`));
    ui.output(`Success! Deleted policy: ${name}`);
    return 0;
  },
});

const policyName = (typed: string): string => typed.trim().toLowerCase();

/** '' where there is no such policy. */
async function rulesOf(client: Client, name: string): Promise<string> {
  try {
    const answer = await client.fetch('GET', `sys/policies/acl/${name}`);
    return text(answer['policy']) || text(answer['rules']);
  } catch (error) {
    if (error instanceof ResponseError && error.status === 404) return '';
    throw error;
  }
}
