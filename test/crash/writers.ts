// The load under which a server is struck: several connections that write, delete, create and revoke.
import type { Answer } from '#test/conformance/kit/http.ts';
import type { Ledger, Operation, Token } from './ledger.ts';
import type { Random } from './random.ts';
import type { Call } from './server.ts';

const WRITERS = 6;
const KEYS_EACH = 12;
const TOKENS_KEPT = 10;
const SAMPLE_BYTES = [20, 200, 5_000];

export interface Load {
  /** Resolves when every writer has stopped: at the first request that is not acknowledged. */
  readonly stopped: Promise<void>;
  /** Whether a writer has stopped already, which none may before the blow. */
  readonly hasTrouble: () => string | undefined;
}

/** Starts the writers; each has keys and tokens of its own. */
export function startLoad(call: Call, ledger: Ledger, random: Random): Load {
  let trouble: string | undefined;
  const write = async (writer: number): Promise<void> => {
    for (;;) {
      const operation = nextOperation(writer, ledger, random);
      const answer = await send(call, operation).catch((error: unknown) => ({
        refused: String(error),
      }));
      if (!isAcknowledged(answer)) {
        ledger.doubt(operation);
        trouble ??= `${operation.kind}: ${JSON.stringify(answer)}`;
        return;
      }
      ledger.acknowledge(operation, ownedBy(writer, answer));
    }
  };
  const writers = Array.from({ length: WRITERS }, async (_, writer) => write(writer));
  const stopped = Promise.all(writers).then(() => undefined);
  return { stopped, hasTrouble: () => trouble };
}

function isAcknowledged({ status = 0 }: Answer): boolean {
  return status >= 200 && status < 300;
}

function nextOperation(writer: number, ledger: Ledger, random: Random): Operation {
  const key = `w${writer}/k${random.below(KEYS_EACH)}`;
  const mine = [...ledger.live.values()].filter(({ writer: owner }) => owner === writer);
  const kind = random.below(10);
  if (kind === 0 && isDeletable(ledger, key)) return { kind: 'delete', key };
  if (kind > 6) return mine.length < TOKENS_KEPT ? { kind: 'create' } : revokeOne(mine, random);
  const number = ledger.versions(key).length + 1;
  const value = `${key} ${number} `.padEnd(random.pick(SAMPLE_BYTES), 'x');
  return { kind: 'write', key, value };
}

function isDeletable(ledger: Ledger, key: string): boolean {
  return ledger.versions(key).at(-1)?.isDeleted === false;
}

function revokeOne(tokens: readonly Token[], random: Random): Operation {
  return { kind: 'revoke', token: random.pick(tokens).id };
}

async function send(call: Call, operation: Operation): Promise<Answer> {
  switch (operation.kind) {
    case 'write':
      return call('POST', `secret/data/${operation.key}`, { data: { value: operation.value } });
    case 'delete':
      return call('DELETE', `secret/data/${operation.key}`);
    case 'create':
      return call('POST', 'auth/token/create', { policies: ['default'], ttl: '24h' });
    case 'revoke':
      return call('POST', 'auth/token/revoke', { token: operation.token });
  }
}

interface Created {
  readonly auth?: { readonly client_token: string; readonly accessor: string } | null;
}

/** The token of an answer, if there is one. */
function ownedBy(writer: number, { body }: Answer): Token | undefined {
  const { auth } = (body ?? {}) as Created; // other answers have no token
  if (auth === undefined || auth === null) return undefined;
  return { id: auth.client_token, accessor: auth.accessor, writer };
}
