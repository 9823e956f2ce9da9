// `vault token create`: a new token.
import { defineCommand } from '../../command.ts';
import { orFail } from '../../failure.ts';
import {
  apiDuration,
  boolFlag,
  durationFlag,
  intFlag,
  listFlag,
  mapFlag,
  textFlag,
} from '../../flags.ts';
import { expectArguments } from '../../input/arguments.ts';
import { printAnswer } from '../write.ts';

export const tokenCreate = defineCommand({
  usage: 'token create [options]',
  about:
    'Creates a new token that can be used for authentication. This token will be created as a child of the currently authenticated token. The generated token will inherit all policies and permissions of the currently authenticated token unless you explicitly define a subset list policies to assign to the token.\n\n      $ vault token create -policy=policy1 -policy=policy2 -ttl=1h',
  shared: ['http', 'field', 'format'],
  flags: {
    id: textFlag('Value for the token. By default it is made up by the server.'),
    'display-name': textFlag('Name that the audit log and leases show for the token.'),
    ttl: durationFlag('How long the token lives at first.'),
    'explicit-max-ttl': durationFlag(
      'How long the token lives at most, however often it is renewed.',
    ),
    period: durationFlag('If set, each renewal gives the token this long, without a maximum.'),
    renewable: boolFlag('Allow the token to be renewed.', true),
    orphan: boolFlag('Create the token without a parent, so that it outlives this one.'),
    'no-default-policy': boolFlag('Do not add the "default" policy.'),
    'use-limit': intFlag('How many times the token can be used; 0 for any number.'),
    role: textFlag('The role to create the token against.'),
    type: textFlag('The type of the token: "service" or "batch".', 'service'),
    metadata: mapFlag(
      'Metadata, as key=value, that the audit log shows. May be given more than once.',
    ),
    policy: listFlag('A policy of the token. May be given more than once.'),
    'entity-alias': textFlag('Name of the entity alias to associate with the token; needs -role.'),
  },
  run: async ({ flags, field, args, ui, connect }) => {
    expectArguments(args, 0);
    const body = {
      ...(flags.id === '' ? {} : { id: flags.id }),
      ...(flags.policy.length === 0 ? {} : { policies: flags.policy }),
      ...(Object.keys(flags.metadata).length === 0 ? {} : { meta: flags.metadata }),
      ...(flags['entity-alias'] === '' ? {} : { entity_alias: flags['entity-alias'] }),
      ...(flags.orphan ? { no_parent: true } : {}),
      ...(flags['no-default-policy'] ? { no_default_policy: true } : {}),
      ttl: apiDuration(flags.ttl),
      explicit_max_ttl: apiDuration(flags['explicit-max-ttl']),
      period: apiDuration(flags.period),
      display_name: flags['display-name'],
      num_uses: flags['use-limit'],
      renewable: flags.renewable,
      type: flags.type,
    };
    const path = flags.role === '' ? 'auth/token/create' : `auth/token/create/${flags.role}`;
    const secret = await orFail('Error creating token', connect().call('POST', path, { body }));
    return printAnswer(ui, { secret, field, success: 'Created token' });
  },
});
