// sys/generate-root: a new root token from the shares of the key.
// https://developer.hashicorp.com/vault/api-docs/system/generate-root
import { badRequest } from '#sdk/errors.ts';
import { sensitive, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { makeRootToken } from '../initialise.ts';
import { OTP_LENGTH } from '../root-generation.ts';
import { plain, sentShare, shareFields } from './sent-share.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const attempt = path('generate-root/attempt', {
  help: 'Reads, generates, or deletes a root token regeneration process.',
  access: 'sudo',
  fields: {
    otp: sensitive('A one-time password of the caller').default(''),
    pgp_key: text('A key to encrypt the token with; not supported').default(''),
  },
  operations: {
    read: {
      summary: 'Read how far the attempt has come',
      handler: ({ engine }) => plain(statusOf(engine)),
    },
    write: {
      summary: 'Begin an attempt',
      handler: ({ engine, data, request }) => {
        if (data.pgp_key !== '') throw badRequest('encrypting with PGP keys is not supported');
        const otp = engine.services.node.rootGeneration.start(data.otp, request.id);
        return plain({ ...statusOf(engine), otp: data.otp === '' ? otp : '' });
      },
    },
    delete: {
      summary: 'Give the attempt up',
      handler: ({ engine: { services, afterwards } }): undefined => {
        afterwards(() => services.node.rootGeneration.end());
      },
    },
  },
});

const update = path('generate-root/update', {
  help: 'Takes a share of the key for the generation of a root token.',
  access: 'sudo',
  fields: shareFields,
  operations: {
    write: {
      summary: 'Hand a share in',
      handler: ({ engine, data, request, clock }) => {
        const { services, transaction, afterwards } = engine;
        const { rootGeneration } = services.node;
        const before = statusOf(engine);
        const mask = rootGeneration.provide(sentShare(request.id, data));
        if (mask === undefined) return plain({ ...statusOf(engine), otp_length: 0 });
        const encoded = mask(makeRootToken(services.tokens, transaction, clock, undefined));
        afterwards(() => rootGeneration.end());
        return plain({
          ...before,
          otp_length: 0,
          progress: before.required,
          complete: true,
          encoded_token: encoded,
          encoded_root_token: encoded,
        });
      },
    },
  },
});

export const generateRootPaths = [attempt, update];

function statusOf({ services }: System) {
  return {
    ...services.node.rootGeneration.status,
    complete: false,
    encoded_token: '',
    encoded_root_token: '',
    pgp_fingerprint: '',
    otp: '',
    otp_length: OTP_LENGTH, // answers to a share say 0
  };
}
