// sys/rekey: new shares of the key. https://developer.hashicorp.com/vault/api-docs/system/rekey
import { badRequest } from '#sdk/errors.ts';
import { anything, boolean, integer } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { plain, sentShare, shareFields } from './sent-share.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

/** Shares are never encrypted for their holders, so none are kept for later. */
const WITHOUT_PGP = { pgp_fingerprints: null, backup: false } as const;

const init = path('rekey/init', {
  help: 'Reads, begins or gives up a rekey: new shares of the key.',
  access: 'sudo',
  fields: {
    secret_shares: integer('The number of new shares').default(0),
    secret_threshold: integer('How many of them are needed').default(0),
    require_verification: boolean('Whether the new shares must be shown first').default(false),
    pgp_keys: anything('Keys to encrypt the shares with; not supported'),
    backup: boolean('Whether encrypted shares are kept; not supported').default(false),
  },
  operations: {
    read: {
      summary: 'Read how far the rekey has come',
      handler: ({ engine }) => plain(statusOf(engine)),
    },
    write: {
      summary: 'Begin a rekey',
      handler: ({ engine, data, request }) => {
        const { secret_shares, secret_threshold, require_verification } = data;
        refusePgp(data);
        engine.services.node.rekey.start(
          { secret_shares, secret_threshold, require_verification },
          request.id,
        );
        return plain(statusOf(engine));
      },
    },
    delete: {
      summary: 'Give the rekey up',
      handler: ({ engine: { services, afterwards } }): undefined => {
        afterwards(() => services.node.rekey.end());
      },
    },
  },
});

const update = path('rekey/update', {
  help: 'Takes an old share for a rekey.',
  access: 'sudo',
  fields: shareFields,
  operations: {
    write: {
      summary: 'Hand an old share in',
      handler: ({ engine, data, request }) => {
        const { rekey } = engine.services.node;
        const before = rekey.status;
        const made = rekey.provide(sentShare(request.id, data));
        if (made === undefined) return plain(statusOf(engine));
        engine.afterwards(made.apply);
        const keys = made.shares.map((share) => share.toString('hex'));
        const inBase64 = made.shares.map((share) => share.toString('base64'));
        engine.afterwards(() => {
          for (const share of made.shares) share.fill(0);
        });
        return plain({
          nonce: before.nonce,
          complete: true,
          keys,
          keys_base64: inBase64,
          ...WITHOUT_PGP,
          verification_required: before.verification_required,
          ...(made.nonce === '' ? {} : { verification_nonce: made.nonce }),
        });
      },
    },
  },
});

const verify = path('rekey/verify', {
  help: 'Takes a new share, to show that the new shares are in the right hands.',
  access: 'sudo',
  fields: shareFields,
  operations: {
    read: {
      summary: 'Read how far the verification has come',
      handler: ({ engine }) => plain({ ...engine.services.node.rekey.verification }),
    },
    write: {
      summary: 'Hand a new share in',
      handler: ({ engine, data, request }) => {
        const { rekey } = engine.services.node;
        const { nonce } = data;
        const apply = rekey.verify(sentShare(request.id, data));
        if (apply === undefined) return plain({ ...rekey.verification });
        engine.afterwards(apply);
        return plain({ nonce, complete: true });
      },
    },
    delete: {
      summary: 'Begin the verification anew',
      handler: ({ engine }) => plain({ ...engine.services.node.rekey.restartVerification() }),
    },
  },
});

const backup = path('rekey/backup', {
  help: 'Reads or deletes the encrypted shares that were kept.',
  access: 'sudo',
  fields: {},
  operations: {
    read: {
      summary: 'Read the shares that were kept: none ever are',
      handler: () => {
        throw badRequest('no backed-up keys found');
      },
    },
    delete: { summary: 'Delete what was kept', handler: () => undefined },
  },
});

const refuseRecovery = {
  handler: () => {
    throw badRequest('recovery rekeying not supported');
  },
} as const;

const recovery = path('rekey-recovery-key/init', {
  help: 'There is no recovery key with this seal.',
  access: 'sudo',
  fields: {},
  operations: {
    read: { summary: 'Refused: there is no recovery key', ...refuseRecovery },
    write: { summary: 'Refused: there is no recovery key', ...refuseRecovery },
    delete: { summary: 'Refused: there is no recovery key', ...refuseRecovery },
  },
});

export const rekeyPaths = [init, update, verify, backup, recovery];

function statusOf({ services }: System) {
  return { ...services.node.rekey.status, ...WITHOUT_PGP };
}

function refusePgp({ pgp_keys: keys, backup: isKept }: { pgp_keys?: unknown; backup: boolean }) {
  if (Array.isArray(keys) && keys.length > 0) {
    throw badRequest('encrypting with PGP keys is not supported');
  }
  if (isKept) {
    throw badRequest(
      'cannot request a backup of the new keys without providing PGP keys for encryption',
    );
  }
}
