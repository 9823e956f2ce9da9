// Whether what clients were told can be true: keys are linearizable, and a token is let in from when its making was
// confirmed until its end is asked for, and never once its end was confirmed.
import { byFolder } from '#test/simulation/keys-model.ts';
import { keysModel } from '#test/simulation/keys-model.ts';
import { checkLinearizable } from '#test/simulation/linearizability.ts';
import type { History, TokenUse } from './history.ts';

/** What is wrong, in words; nothing when all can be true. */
export function verify({ operations, tokens }: History): readonly string[] {
  const keys = [...byFolder(operations)].flatMap(([key, of]) => {
    const verdict = checkLinearizable(keysModel, of);
    return verdict.type === 'linearizable' ? [] : [`${key}: ${JSON.stringify(verdict)}`];
  });
  const byToken = Map.groupBy(tokens, ({ token }) => token);
  return [...keys, ...[...byToken.values()].flatMap(verifyToken)];
}

function verifyToken(uses: readonly TokenUse[]): readonly string[] {
  const made = uses.find(({ kind, result }) => kind === 'create' && result === 'ok');
  const revoke = uses.find(({ kind }) => kind === 'revoke');
  const ended = revoke?.result === 'ok' ? revoke.end : Infinity;
  const asked = revoke !== undefined && revoke.result !== 'failed' ? revoke.start : Infinity;
  return uses
    .filter(({ kind }) => kind === 'use')
    .flatMap((use) => {
      if (use.result === 'ok' && use.start > ended) return [said('was let in after its end', use)];
      const mustHold = made !== undefined && use.start > made.end && use.end < asked;
      return use.result === 'failed' && mustHold ? [said('was refused while it held', use)] : [];
    });
}

const said = (what: string, { token, node, start }: TokenUse): string =>
  `token ${token} ${what}, by node ${node} at ${start}`;
