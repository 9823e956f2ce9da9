// Who asked the core what: each question has a ticket, and each ticket gets its answers, or is told that none will come.
import type { Outcome, Ticket } from '../types.ts';

export type Settle = (outcome: Outcome) => void;

export class Tickets {
  readonly #settleByTicket = new Map<Ticket, Settle>();
  #last = 0;

  open(settle: Settle): Ticket {
    this.#last += 1;
    const ticket = this.#last as Ticket;
    this.#settleByTicket.set(ticket, settle);
    return ticket;
  }

  /** `appended` is not the last word; all others are. */
  settle(ticket: Ticket, outcome: Outcome): void {
    const settle = this.#settleByTicket.get(ticket);
    if (settle === undefined) return;
    if (outcome.type !== 'appended') this.#settleByTicket.delete(ticket);
    settle(outcome);
  }

  /** Nobody waits any more, because what was asked for has come by another way. */
  close(ticket: Ticket): void {
    this.#settleByTicket.delete(ticket);
  }

  /** The node stops: whether what was asked for will happen is not known. */
  closeAll(): void {
    const waiting = [...this.#settleByTicket.values()];
    this.#settleByTicket.clear();
    for (const settle of waiting) settle({ type: 'lost' });
  }
}
