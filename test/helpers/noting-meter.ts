// A meter that notes all that it is told, each as a line.
import type { Chore, Meter } from '#raft/driver/ports.ts';
import type { Entry, Status, Term } from '#raft/types.ts';

export class NotingMeter implements Meter {
  readonly told: string[] = [];

  logged(entries: readonly Entry[], took: number): void {
    this.told.push(`logged ${entries.length} ${took}`);
  }

  applied(count: number, waited: number, took: number): void {
    this.told.push(`applied ${count} ${waited} ${took}`);
  }

  confirmed(ago: number): void {
    this.told.push(`confirmed ${ago}`);
  }

  did(chore: Chore, took: number): void {
    this.told.push(`${chore} ${took}`);
  }

  turned(role: Status['role'] | undefined, term: Term): void {
    this.told.push(`turned ${role ?? 'nothing'} ${term}`);
  }
}
