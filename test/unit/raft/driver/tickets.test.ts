import test from 'ava';
import { Tickets } from '#raft/driver/tickets.ts';
import type { Index, Outcome, Term } from '#raft/types.ts';

const APPENDED: Outcome = { type: 'appended', index: 1 as Index, term: 1 as Term };
const COMMITTED: Outcome = { type: 'committed', index: 1 as Index };

test('whoever asked hears of each step, and of nothing after the last one', (t) => {
  const tickets = new Tickets();
  const heard: Outcome[] = [];
  const ticket = tickets.open((outcome) => heard.push(outcome));
  for (const outcome of [APPENDED, COMMITTED, COMMITTED]) tickets.settle(ticket, outcome);
  t.deepEqual(heard, [APPENDED, COMMITTED]);
});

test('each question has a ticket of its own', (t) => {
  const tickets = new Tickets();
  const heard: string[] = [];
  const one = tickets.open(() => heard.push('one'));
  const other = tickets.open(() => heard.push('other'));
  tickets.settle(other, COMMITTED);
  tickets.settle(one, COMMITTED);
  t.deepEqual(heard, ['other', 'one']);
});

test('whoever still waits in the end is told that the answer is lost, whoever has left is not', (t) => {
  const tickets = new Tickets();
  const heard: string[] = [];
  tickets.open(({ type }) => heard.push(`one ${type}`));
  tickets.close(tickets.open(({ type }) => heard.push(`other ${type}`)));
  tickets.closeAll();
  tickets.closeAll();
  t.deepEqual(heard, ['one lost']);
});
