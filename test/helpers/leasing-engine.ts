// A secrets engine for tests that leases credentials which live in memory only: it counts what is done to them, and
// fails when it is told to.
import { defineEngine, type Engine } from '#sdk/engine.ts';
import { badRequest } from '#sdk/errors.ts';
import { duration, name } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { lease } from '#sdk/reply.ts';
import { defineSecret } from '#sdk/secret.ts';

/** What happened outside of the server, as a database would know it. */
export class Outside {
  /** The credentials that work. */
  readonly alive = new Set<string>();
  /** Names in the order in which revoking them was tried. */
  readonly attempts: string[] = [];
  readonly renewed: [name: string, ttl: number][] = [];
  /** Has every renewal and revocation fail. */
  isBroken = false;
  /** Has every revocation wait for it. */
  gate: () => Promise<void> = open;
}

/** Lets everything through at once. */
export const open = (): Promise<void> => Promise.resolve();

interface Internal {
  readonly credential: string;
}

export function leasingEngine(outside: Outside): Engine {
  const path = pathFor<Outside>();
  const credential = defineSecret<Outside, Internal>('credential', {
    renew: async ({ engine, internal, ttl }) => {
      if (engine.isBroken) throw badRequest('the outside is broken');
      engine.renewed.push([internal.credential, ttl]);
    },
    revoke: async ({ engine, internal }) => {
      engine.attempts.push(internal.credential);
      await engine.gate();
      if (engine.isBroken) throw badRequest('the outside is broken');
      engine.alive.delete(internal.credential);
    },
  });
  const creds = path('creds/{name}', {
    help: 'Lease a credential',
    fields: {
      name: name('Name of the credential'),
      ttl: duration('How long it lasts'),
      max_ttl: duration('How long it can be made to last'),
    },
    operations: {
      read: {
        summary: 'Lease a credential',
        handler: ({ engine, data: { name: asked, ttl, max_ttl: maxTtl } }) => {
          engine.alive.add(asked);
          const terms = {
            ...(ttl === undefined ? {} : { ttl }),
            ...(maxTtl === undefined ? {} : { maxTtl }),
            isRenewable: asked !== 'fixed',
          };
          return lease(credential, { credential: asked }, { credential: asked }, terms);
        },
      },
    },
  });
  return defineEngine<Outside>({
    type: 'leasing',
    help: 'Leases credentials for tests',
    paths: [creds],
    secrets: [credential],
    start: () => outside,
  });
}
