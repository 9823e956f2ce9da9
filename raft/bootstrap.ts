// The first step of a new cluster: one server that makes itself the only voter.
import { leadAlone } from './election.ts';
import { append, lastIndex } from './log.ts';
import { plus } from './numbers.ts';
import { settle } from './outbox.ts';
import { enterTerm } from './role.ts';
import type { State } from './state.ts';
import type { Refusal, Server, Ticket } from './types.ts';

export function bootstrap(state: State, ticket: Ticket, server: Server): void {
  const reason = whyNot(state, server);
  if (reason !== undefined) {
    settle(state, ticket, { type: 'refused', reason, leader: state.leader });
    return;
  }
  const index = plus(lastIndex(state.log), 1);
  // Nobody can have counted on this node before.
  state.isRecovering = false;
  enterTerm(state, plus(state.term, 1));
  append(state.log, { type: 'configuration', index, term: state.term, configuration: [server] });
  leadAlone(state);
  if (state.lead === undefined) settle(state, ticket, { type: 'lost' });
  else state.lead.change = { ticket, index };
}

function whyNot(state: State, server: Server): Refusal | undefined {
  if (state.term > 0 || lastIndex(state.log) > 0) return 'already part of a cluster';
  const isOwn = server.id === state.settings.id && server.suffrage === 'voter';
  return isOwn ? undefined : 'unknown server';
}
