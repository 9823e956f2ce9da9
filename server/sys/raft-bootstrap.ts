// sys/storage/raft/bootstrap: how a new node gets into the cluster. No token is asked for: that the shares of the key
// are there is proven by the answer.
import { badRequest } from '#sdk/errors.ts';
import { boolean, text } from '#sdk/field.ts';
import { pathFor } from '#sdk/path.ts';
import { reply } from '#sdk/reply.ts';
import { requireRaft } from './raft.ts';
import type { System } from './system.ts';

const path = pathFor<System>();

const challenge = path('storage/raft/bootstrap/challenge', {
  help: 'Creates a challenge for the new peer to be joined to the raft cluster.',
  access: 'public',
  fields: { server_id: text('The id of the new server').default('') },
  operations: {
    write: {
      summary: 'Ask for a challenge',
      handler: ({ engine, data }) => {
        const { admission } = requireRaft(engine);
        if (data.server_id === '') throw badRequest('no server id provided');
        return reply(admission.challenge(data.server_id));
      },
    },
  },
});

const answer = path('storage/raft/bootstrap/answer', {
  help: 'Accepts an answer from the peer to be joined to the raft cluster.',
  access: 'public',
  fields: {
    server_id: text('The id of the new server').default(''),
    answer: text('The answer to a challenge, in base64').default(''),
    cluster_addr: text('Where the cluster port of the new server is').default(''),
    non_voter: boolean('Whether the new server never counts for majorities').default(false),
  },
  operations: {
    write: {
      summary: 'Answer a challenge',
      handler: async ({ engine, data }) => {
        const { admission } = requireRaft(engine);
        if (data.answer === '') throw badRequest('no answer provided');
        if (data.cluster_addr === '') throw badRequest('no cluster_addr provided');
        if (data.server_id === '') throw badRequest('no server_id provided');
        const { server_id: serverId, cluster_addr: clusterAddress, non_voter: nonVoter } = data;
        return reply(await admission.answer({ serverId, clusterAddress, nonVoter }, data.answer));
      },
    },
  },
});

export const raftBootstrapPaths = [challenge, answer];
