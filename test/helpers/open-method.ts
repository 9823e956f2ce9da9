// An auth method for tests that lets everybody in, on the terms that the test names.
import { seconds } from '#sdk/duration.ts';
import { defineAuthMethod, type Engine, type RenewedTerms } from '#sdk/engine.ts';
import { name } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { grant } from '#sdk/reply.ts';
import { NO_TOKEN_FIELDS, tokenParameters, type StoredTokenFields } from '#sdk/token-fields.ts';

export interface OpenTerms {
  readonly policies?: readonly string[];
  readonly fields?: Partial<StoredTokenFields>;
  readonly renew?: (() => RenewedTerms | undefined) | undefined;
}

const HOUR = { token_ttl: seconds(3600) };

/** Its type is `open`; a token lasts an hour unless the terms say otherwise. */
export function openMethod({ policies = ['app'], fields = HOUR, renew }: OpenTerms = {}): Engine {
  const path = pathFor<null>();
  const login = path('login/{name}', {
    help: 'Log in',
    access: 'public',
    fields: { name: name('Name of the user') },
    operations: {
      write: {
        summary: 'Log in',
        handler: ({ data }) =>
          grant({
            alias: data.name,
            displayName: data.name,
            policies,
            metadata: { name: data.name },
            token: tokenParameters({ ...NO_TOKEN_FIELDS, ...fields }),
            internal: { user: data.name },
          }),
      },
    },
  });
  return defineAuthMethod<null>({
    type: 'open',
    help: 'Lets everybody in',
    paths: [login],
    start: () => null,
    ...(renew === undefined ? {} : { renew }),
  });
}
