// A handler's reply becomes Vault's envelope: with a lease, with a token, or with neither.
import { assert, unreachable } from '#sdk/errors.ts';
import type { DataReply, Reply } from '#sdk/reply.ts';
import { admitLogin } from './login.ts';
import type { Running } from './running.ts';
import type { Answer, LeaseBlock } from './stages.ts';

const EMPTY: Answer = {
  status: 200,
  data: null,
  lease: undefined,
  auth: undefined,
  displayName: '',
  login: undefined,
  wrapInfo: undefined,
  warnings: [],
  raw: undefined,
  stream: undefined,
  headers: {},
  isFlat: false,
};

/** @param warnings what the handler warned of; more may be added here */
export function makeAnswer(running: Running, reply: Reply, warnings: string[]): Answer {
  const { node, transaction, verdict } = running;
  switch (reply.kind) {
    case 'data': {
      const { data, status = 200, headers = {} } = reply;
      const lease = leaseBlock(reply);
      const isFlat = verdict.known.admitted.target?.path.isFlat ?? false;
      return { ...EMPTY, data, status, lease, headers, warnings, isFlat };
    }
    case 'lease': {
      const { token } = verdict.known;
      assert(token !== undefined, 'a credential is leased to a token');
      const lease = node.leases.register(transaction, verdict, reply, warnings);
      return { ...EMPTY, data: reply.data, lease, warnings };
    }
    case 'grant': {
      return { ...EMPTY, ...admitLogin(running, reply, warnings), warnings };
    }
    case 'auth':
      return { ...EMPTY, auth: reply.auth, displayName: reply.displayName, warnings };
    case 'raw':
      return { ...EMPTY, raw: reply, status: reply.status, warnings };
    case 'stream':
      return { ...EMPTY, stream: reply, headers: reply.headers, warnings };
    default:
      return unreachable(reply);
  }
}

function leaseBlock({ lease, leaseDuration }: DataReply): LeaseBlock | undefined {
  if (leaseDuration === undefined) return undefined;
  return {
    lease_id: lease?.id ?? '',
    renewable: lease?.isRenewable ?? false,
    lease_duration: leaseDuration,
  };
}
