// What must hold at every moment, whatever fails: judged by somebody who sees all nodes at once. Each node is looked at
// after everything it does; what costs more is looked at now and then (`checkAll`).
import { votersOf } from '#raft/quorum.ts';
import type { Configuration, Entry, Index, Message, NodeId, Term } from '#raft/types.ts';

/** What is looked at in a node that runs. */
export interface NodeView {
  readonly id: NodeId;
  readonly term: Term;
  readonly isLeader: boolean;
  readonly commit: Index;
  /** The log follows on this entry; what is before it is in the snapshot. */
  readonly start: Index;
  readonly startTerm: Term;
  readonly last: Index;
  /** Only from `start` to `last`. */
  readonly termAt: (index: Index) => Term | undefined;
  /** Only behind `start`. */
  readonly entryAt: (index: Index) => Entry | undefined;
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
  readonly applied: Index;
  /** What the node itself believes to be durable. */
  readonly durable: Index;
  /** Until when it believes that nobody else leads, in the world's time; past or `-Infinity` when it does not. */
  readonly leaseUntil: number;
}

/** What is on a node's disk for sure: the log up to `last` behind `start`, as the node has it or once had it. */
export interface DurableView {
  /** The vote that is on the disk; `undefined` where nobody can look. */
  readonly vote: { readonly term: Term; readonly for: NodeId | undefined } | undefined;
  readonly start: Index;
  readonly last: Index;
  readonly termAt: (index: Index) => Term | undefined;
}

/** An invariant does not hold: there is a bug, in what is simulated or in the simulation. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

interface Witnessed {
  readonly previousTerm: Term | undefined;
  readonly content: string;
  /** Who made it, in which of its lives. */
  readonly owner: NodeId;
  readonly life: number;
  /** Somebody else has it too. Before that its owner may lose it in a crash, and make another one. */
  isShared: boolean;
}

/** What a node was like when it was last looked at. */
interface Remembered {
  readonly life: number;
  term: Term;
  commit: Index;
  last: Index;
  lastTerm: Term | undefined;
  isLeader: boolean;
  configurationIndex: Index;
  applied: Index;
  durable: Index;
  /** Terms of its log by index, as far as it has been looked at. */
  readonly terms: Map<Index, Term>;
}

export interface Witnesses {
  readonly now: () => number;
  readonly durable: (id: NodeId) => DurableView | undefined;
  /** Nodes whose disk has lost what it had promised to keep; they are not counted on. */
  readonly isDamaged: (id: NodeId) => boolean;
  /** Why a leader should have stepped down by now, if it should. */
  readonly whyNotLead: (view: NodeView) => string | undefined;
}

export class Invariants {
  readonly #witnesses: Witnesses;
  readonly #leaderByTerm = new Map<Term, NodeId>();
  readonly #entries = new Map<string, Witnessed>();
  readonly #committed = new Map<Index, Term>();
  readonly #votes = new Map<string, NodeId>();
  readonly #remembered = new Map<NodeId, Remembered>();
  readonly #configurations = new Map<Index, Configuration>();
  readonly #changeTerms = new Map<Index, Term>();
  readonly #leases = new Map<NodeId, number>();
  /** The terms in which nodes told another one to stand. */
  readonly #handedOver = new Map<NodeId, Term>();
  readonly #checksums = new Map<Index, string>();
  readonly #highestTerm = new Map<NodeId, Term>();
  /** What nodes took for durable when they ended. */
  readonly #promised = new Map<NodeId, Pick<Remembered, 'durable' | 'terms'>>();
  #commit = 0 as Index;
  #lives = 0;
  #violation: Violation | undefined;

  constructor(witnesses: Witnesses) {
    this.#witnesses = witnesses;
  }

  /** The last index that any node has known to be committed. */
  get commit(): Index {
    return this.#commit;
  }

  committedTerm(index: Index): Term | undefined {
    return this.#committed.get(index);
  }

  /** How many terms had a leader. */
  get terms(): number {
    return this.#leaderByTerm.size;
  }

  /** The first, whoever has caught it: what is looked at may be within a node that takes it for an error of its own. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Something else does not hold that should. */
  violated(message: string): Violation {
    this.#violation ??= new Violation(message);
    return this.#violation;
  }

  /** A node begins a life with what it found on its disk. */
  started(view: NodeView): void {
    this.#look(() => this.#start(view));
  }

  #start(view: NodeView): void {
    const highest = this.#highestTerm.get(view.id) ?? 0;
    if (view.term < highest) {
      fail(`${view.id} started in term ${view.term}, though it had shown term ${highest}`);
    }
    this.#checkKept(view);
    this.#lives += 1;
    this.#remembered.set(view.id, {
      life: this.#lives,
      term: view.term,
      commit: view.commit,
      last: view.start,
      lastTerm: view.startTerm,
      isLeader: false,
      configurationIndex: view.configurationIndex,
      applied: view.applied,
      durable: view.durable,
      terms: new Map([[view.start, view.startTerm]]),
    });
    this.#move(view);
  }

  /** What was durable is there again, or in a snapshot. */
  #checkKept(view: NodeView): void {
    const promised = this.#promised.get(view.id);
    if (promised === undefined || this.#witnesses.isDamaged(view.id)) return;
    const { durable, terms } = promised;
    const term = terms.get(durable);
    if (durable <= view.start || term === undefined || view.termAt(durable) === term) return;
    fail(`${view.id} started without entry ${durable} of ${term}, which it took for durable`);
  }

  ended(id: NodeId): void {
    const before = this.#remembered.get(id);
    if (before === undefined || this.#witnesses.isDamaged(id)) this.#promised.delete(id);
    else this.#promised.set(id, before);
    this.#remembered.delete(id);
    this.#leases.delete(id);
  }

  /** The disk of a node was emptied: what it had shown before was by another one. */
  forgotten(id: NodeId): void {
    this.#highestTerm.delete(id);
    this.#promised.delete(id);
  }

  /** A node has done something. */
  moved(view: NodeView): void {
    this.#look(() => this.#move(view));
  }

  #look(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (error instanceof Violation) this.#violation ??= error;
      throw error;
    }
  }

  #move(view: NodeView): void {
    const before = this.#remembered.get(view.id);
    if (before === undefined) return;
    this.#checkTerm(view, before);
    this.#checkLog(view, before);
    this.#checkDisk(view, before);
    this.#checkLeader(view, before);
    this.#checkCommit(view, before);
    this.#checkConfiguration(view, before);
    this.#checkLease(view);
  }

  /** A node says something to another. */
  sent(message: Message): void {
    this.#look(() => this.#hear(message));
  }

  #hear(message: Message): void {
    const { type, from, term } = message;
    // All others say nothing that their sender has to remember.
    if (type === 'time-out-now') this.#handedOver.set(from, term);
    if (type !== 'vote' && type !== 'vote-reply' && type !== 'append-reply') return;
    this.#highestTerm.set(from, Math.max(term, this.#highestTerm.get(from) ?? 0) as Term);
    if (message.type === 'vote') this.#vote(from, term, from);
    if (message.type === 'vote-reply' && message.isGranted) this.#vote(from, term, message.to);
    if (message.type === 'append-reply' && message.isAccepted) {
      this.#checkPromise(from, term, message.index);
    }
  }

  #vote(voter: NodeId, term: Term, candidate: NodeId): void {
    const ballot = `${voter} in term ${term}`;
    const other = this.#votes.get(ballot);
    if (other !== undefined && other !== candidate && !this.#witnesses.isDamaged(voter)) {
      fail(`${ballot} voted for ${other} and for ${candidate}`);
    }
    this.#votes.set(ballot, candidate);
    const kept = this.#witnesses.durable(voter)?.vote;
    // In a term that is over there for it, it can never vote again.
    const isKept = kept === undefined || kept.term > term || kept.for === candidate;
    if (!isKept || (kept?.term ?? term) < term) {
      fail(`${ballot} votes for ${candidate}, and its disk does not know`);
    }
  }

  /** Two nodes with the same log have the same state. */
  checksum(id: NodeId, index: Index, sum: string): void {
    const other = this.#checksums.get(index);
    if (other === undefined) this.#checksums.set(index, sum);
    else if (other !== sum) {
      this.#look(() => fail(`the state of ${id} at ${index} is not that of the others`));
    }
  }

  /** Looks at the whole of each log again. */
  checkAll(views: readonly NodeView[]): void {
    for (const view of views) {
      for (let index = (view.start + 1) as Index; index <= view.last; index++) {
        this.#witness(view, index);
      }
      for (let index = Math.max(1, view.start) as Index; index <= view.commit; index++) {
        this.#checkCommitted(view, index);
      }
      this.#checkInForce(view);
    }
  }

  /** The configuration in force is the last one in the log, and none that was committed was missed. */
  #checkInForce(view: NodeView): void {
    let last: number = view.last;
    while (last > view.start && view.entryAt(last as Index)?.type !== 'configuration') last -= 1;
    const isRight =
      last > view.start ? view.configurationIndex === last : view.configurationIndex <= view.start;
    if (!isRight) {
      fail(`${view.id} goes by configuration ${view.configurationIndex}, its log by ${last}`);
    }
    for (const index of this.#configurations.keys()) {
      const isCommitted = index <= view.commit && index > view.configurationIndex;
      if (isCommitted && this.#committed.get(index) === this.#changeTerms.get(index)) {
        fail(`${view.id} has committed ${view.commit} and missed configuration ${index}`);
      }
    }
  }

  #checkTerm(view: NodeView, before: Remembered): void {
    if (view.term < before.term) {
      fail(`the term of ${view.id} fell from ${before.term} to ${view.term}`);
    }
    before.term = view.term;
  }

  /** Log matching, and that a leader only appends: looks at what is new in a log. */
  #checkLog(view: NodeView, before: Remembered): void {
    const { last, start } = view;
    const lastTerm = view.termAt(last);
    if (last === before.last && lastTerm === before.lastTerm) return;
    const kept = this.#commonEnd(view, before);
    if (before.isLeader && view.isLeader && kept < before.last && start < before.last) {
      fail(`${view.id} leads and has cut its own log behind ${kept}`);
    }
    // What does not agree is replaced, not only taken away.
    if (last < before.last && kept === last && before.terms.get(last) === lastTerm) {
      fail(`${view.id} has nothing behind ${last} any more`);
    }
    for (let index = Math.max(kept, start) + 1; index <= last; index++) {
      this.#witness(view, index as Index);
      before.terms.set(index as Index, view.termAt(index as Index) ?? (0 as Term));
    }
    before.last = last;
    before.lastTerm = lastTerm;
  }

  /** What a node takes for durable is on its disk, and it applies nothing else. */
  #checkDisk(view: NodeView, before: Remembered): void {
    const { id, durable, applied } = view;
    if (durable === before.durable && applied === before.applied) return;
    if (applied < before.applied) {
      fail(`the state of ${id} fell back from ${before.applied} to ${applied}`);
    }
    before.durable = durable;
    before.applied = applied;
    const disk = this.#witnesses.durable(id);
    if (disk === undefined || this.#witnesses.isDamaged(id)) return;
    const isThere = durable <= disk.start || disk.termAt(durable) === view.termAt(durable);
    if (!isThere) fail(`${id} takes ${durable} for durable, of which its disk does not know`);
    if (applied > Math.max(disk.last, disk.start)) {
      fail(`${id} has applied ${applied}, of which only ${disk.last} is durable`);
    }
  }

  /** The last index up to which a log is what it was. */
  #commonEnd(view: NodeView, before: Remembered): Index {
    let index = Math.min(before.last, view.last);
    while (index > view.start && before.terms.get(index as Index) !== view.termAt(index as Index)) {
      index -= 1;
    }
    return index as Index;
  }

  /** An index and a term stand for one entry and for all before it. */
  #witness(view: NodeView, index: Index): void {
    const entry = view.entryAt(index);
    if (entry === undefined) return fail(`${view.id} has no entry ${index} of ${view.last}`);
    if (entry.index !== index) fail(`${view.id} has entry ${entry.index} at ${index}`);
    const name = `${index}/${entry.term}`;
    const previousTerm = view.termAt((index - 1) as Index);
    const content = contentOf(entry);
    const known = this.#entries.get(name);
    const life = this.#remembered.get(view.id)?.life ?? 0;
    const isLost = known?.owner === view.id && known.life !== life && !known.isShared;
    if (known === undefined || (isLost && known.content !== content)) {
      const witnessed = { previousTerm, content, owner: view.id, life, isShared: false };
      this.#entries.set(name, witnessed);
      return;
    }
    if (known.owner !== view.id) known.isShared = true;
    compare(`${view.id} at ${name}`, { content, previousTerm }, known);
  }

  #checkLeader(view: NodeView, before: Remembered): void {
    const isNew = view.isLeader && !before.isLeader;
    before.isLeader = view.isLeader;
    if (!view.isLeader) return;
    const other = this.#leaderByTerm.get(view.term);
    if (other !== undefined && other !== view.id) {
      fail(`${view.id} leads term ${view.term}, which ${other} leads`);
    }
    this.#leaderByTerm.set(view.term, view.id);
    const reason = this.#witnesses.whyNotLead(view);
    if (reason !== undefined) fail(`${view.id} leads on, though ${reason}`);
    if (isNew) this.#checkNewLeader(view);
  }

  /** What was committed is in the log of every later leader, and nobody else may still count on leading. */
  #checkNewLeader(view: NodeView): void {
    // Votes that come late make a leader of a term that another has followed by now; it is heard by nobody.
    const isOvertaken = [...this.#leaderByTerm.keys()].some((term) => term > view.term);
    if (isOvertaken) return;
    if (view.start < this.#commit) {
      const term = view.termAt(this.#commit);
      if (view.last < this.#commit || term !== this.#committed.get(this.#commit)) {
        fail(`${view.id} leads term ${view.term} without the committed entry ${this.#commit}`);
      }
    }
    for (const [id, until] of this.#leases) {
      if (id !== view.id && until > this.#witnesses.now()) {
        fail(`${view.id} leads term ${view.term} while ${id} has a lease until ${until}`);
      }
    }
  }

  #checkCommit(view: NodeView, before: Remembered): void {
    if (view.commit === before.commit) return;
    if (view.commit < before.commit) {
      fail(`the commit of ${view.id} fell from ${before.commit} to ${view.commit}`);
    }
    if (view.commit > view.last) fail(`${view.id} has committed more than it has`);
    if (view.isLeader && view.commit > this.#commit) this.#checkQuorum(view);
    for (let index = before.commit + 1; index <= view.commit; index++) {
      this.#checkCommitted(view, index as Index);
    }
    before.commit = view.commit;
    this.#commit = Math.max(this.#commit, view.commit) as Index;
  }

  /** Two nodes never commit different entries at one index. */
  #checkCommitted(view: NodeView, index: Index): void {
    const term = view.termAt(index);
    if (term === undefined) return; // before the start of its log
    const known = this.#committed.get(index);
    if (known === undefined) this.#committed.set(index, term);
    else if (known !== term) {
      fail(`${view.id} has committed ${index} of term ${term}, others that of ${known}`);
    }
  }

  /** What a leader commits is durable on a majority. */
  #checkQuorum(view: NodeView): void {
    if (view.termAt(view.commit) !== view.term) {
      fail(`${view.id} commits up to ${view.commit}, which is not of its term ${view.term}`);
    }
    const voters = view.configuration.filter(({ suffrage }) => suffrage === 'voter');
    const holders = voters.filter(({ id }) => {
      if (this.#witnesses.isDamaged(id)) return true; // it may have had it
      const disk = this.#witnesses.durable(id);
      if (disk === undefined) return false;
      return disk.start >= view.commit || isHeld(disk, view.commit, view.term);
    });
    if (holders.length * 2 <= voters.length) {
      const held = holders.map(({ id }) => id).join(', ') || 'nobody';
      fail(`${view.id} commits ${view.commit} of ${view.term}, which is durable on ${held} only`);
    }
  }

  /** One server at a time, each change after the one before is committed and the leader has committed in its term. */
  #checkConfiguration(view: NodeView, before: Remembered): void {
    const { configurationIndex: index, isLeader } = view;
    const previous = before.configurationIndex;
    before.configurationIndex = index;
    if (index === previous || !isLeader || index <= previous) return;
    if (view.termAt(index) !== view.term || index <= view.start) return;
    const old = this.#configurations.get(previous);
    const replaced = previous > 0 && previous > view.commit;
    if (replaced) fail(`${view.id} changes the cluster before change ${previous} is committed`);
    if (view.commit > 0 && index > 1 && this.#committed.get(view.commit) !== view.term) {
      fail(`${view.id} changes the cluster before it has committed in term ${view.term}`);
    }
    if (old !== undefined) checkDifference(view.id, old, view.configuration);
    if (votersOf(view.configuration).length === 0) fail(`${view.id} has dismissed the last voter`);
    this.#configurations.set(index, view.configuration);
    this.#changeTerms.set(index, view.term);
  }

  /** Two nodes never believe at once that nobody else leads. */
  #checkLease(view: NodeView): void {
    const now = this.#witnesses.now();
    if (view.leaseUntil <= now) {
      this.#leases.delete(view.id);
      return;
    }
    if (!view.isLeader) fail(`${view.id} has a lease and does not lead`);
    if (!votersOf(view.configuration).includes(view.id)) fail(`${view.id} has a lease and no vote`);
    if (this.#handedOver.get(view.id) === view.term) {
      fail(`${view.id} has a lease after it told another to stand in term ${view.term}`);
    }
    if (this.#leases.get(view.id) === view.leaseUntil) return;
    this.#leases.set(view.id, view.leaseUntil);
    for (const [id, until] of this.#leases) {
      if (id !== view.id && until > now) fail(`${id} and ${view.id} both hold a lease`);
    }
  }

  /** What a node says that it has is on its disk, unless a later term, written along with it, has replaced it already. */
  #checkPromise(id: NodeId, term: Term, index: Index): void {
    if (this.#witnesses.isDamaged(id)) return;
    const disk = this.#witnesses.durable(id);
    if (disk === undefined) return;
    const seen = disk.vote?.term ?? this.#remembered.get(id)?.term ?? 0;
    if (seen > term) return;
    if (Math.max(disk.last, disk.start) >= index) return;
    fail(`${id} acknowledges ${index}, of which ${disk.last} is durable`);
  }
}

function isHeld(disk: DurableView, index: Index, term: Term): boolean {
  return disk.last >= index && disk.termAt(index) === term;
}

/** Where a log begins, the term before its first entry may not be known. */
function compare(
  where: string,
  entry: Pick<Witnessed, 'content' | 'previousTerm'>,
  known: Witnessed,
): void {
  if (known.content !== entry.content) {
    fail(`${where} has ${entry.content.slice(0, 80)}, another has ${known.content.slice(0, 80)}`);
  }
  const [one, other] = [entry.previousTerm, known.previousTerm];
  if (one !== other && one !== undefined && other !== undefined) {
    fail(`${where} follows on term ${one}, elsewhere on ${other}`);
  }
}

function checkDifference(id: NodeId, old: Configuration, next: Configuration): void {
  const ids = new Set([...old, ...next].map((server) => server.id));
  const [before, after] = [new Set(votersOf(old)), new Set(votersOf(next))];
  const known = new Set(old.map((server) => server.id));
  const changed = [...ids].filter((one) => before.has(one) !== after.has(one));
  const raw = changed.find((one) => !known.has(one));
  if (raw !== undefined) fail(`${id} takes ${raw} in as a voter at once`);
  if (changed.length > 1) fail(`${id} changes ${changed.join(' and ')} at once`);
}

function contentOf(entry: Entry): string {
  switch (entry.type) {
    case 'noop':
      return 'noop';
    case 'data':
      return Buffer.from(entry.data).toString('latin1');
    case 'configuration':
      return entry.configuration
        .map(({ id, address, suffrage }) => `${id} at ${address} as ${suffrage}`)
        .join(', ');
  }
}

function fail(message: string): never {
  throw new Violation(message);
}
