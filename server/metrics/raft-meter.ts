// What the driver of Raft tells of its work, under Vault's names. Some are named after a store of HashiCorp's Raft that is
// not here: they show the log.
import type { Chore, Meter } from '#raft/driver/ports.ts';
import type { Entry, Status, Term } from '#raft/types.ts';
import type { SummaryName } from './definitions.ts';
import type { AddSample, Metrics } from './metrics.ts';

/** What has no data is written for the cluster's own sake. */
const sizeOf = (entry: Entry): number => (entry.type === 'data' ? entry.data.length : 0);

const CHORES: Readonly<Record<Chore, readonly [SummaryName, ...SummaryName[]]>> = {
  sync: ['raft.snapshot.persist', 'raft.snapshot.takeSnapshot'],
  compact: ['raft.compactLogs'],
  snapshot: ['raft.snapshot.create', 'raft.fsm.snapshot'],
  restore: ['raft.fsm.restore'],
  install: ['raft.rpc.installSnapshot'],
};

interface Standing {
  readonly role: Status['role'] | undefined;
  readonly term: Term;
}

export class RaftMeter implements Meter {
  readonly #metrics: Metrics;
  readonly #dispatchLog: AddSample;
  readonly #lastContact: AddSample;
  readonly #applyBatch: AddSample;
  readonly #applyBatchNum: AddSample;
  readonly #enqueue: AddSample;
  readonly #storeLogs: AddSample;
  readonly #logsPerBatch: AddSample;
  readonly #logBatchSize: AddSample;
  readonly #logSize: AddSample;
  readonly #writeCapacity: AddSample;
  readonly #chores: Readonly<Record<Chore, AddSample>>;
  #standing: Standing = { role: undefined, term: 0 as Term };
  #dispatchNumLogs = 0;
  #commitNumLogs = 0;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    this.#dispatchLog = metrics.summary('raft.leader.dispatchLog');
    this.#lastContact = metrics.summary('raft.leader.lastContact');
    this.#applyBatch = metrics.summary('raft.fsm.applyBatch');
    this.#applyBatchNum = metrics.summary('raft.fsm.applyBatchNum');
    this.#enqueue = metrics.summary('raft.fsm.enqueue');
    this.#storeLogs = metrics.summary('raft.boltdb.storeLogs');
    this.#logsPerBatch = metrics.summary('raft.boltdb.logsPerBatch');
    this.#logBatchSize = metrics.summary('raft.boltdb.logBatchSize');
    this.#logSize = metrics.summary('raft.boltdb.logSize');
    this.#writeCapacity = metrics.summary('raft.boltdb.writeCapacity');
    const chore = (name: Chore): AddSample => metrics.summary(...CHORES[name]);
    this.#chores = {
      sync: chore('sync'),
      compact: chore('compact'),
      snapshot: chore('snapshot'),
      restore: chore('restore'),
      install: chore('install'),
    };
    // Dashboards ask for these before anything has happened.
    for (const role of ['leader', 'candidate', 'follower'] as const) this.#turnedTo(role, 0);
    metrics.count('raft.transition.heartbeat_timeout', 0);
    metrics.count('raft.transition.leader_lease_timeout', 0);
    metrics.observe(() => [
      { name: 'raft.commitNumLogs', value: this.#commitNumLogs },
      { name: 'raft.leader.dispatchNumLogs', value: this.#dispatchNumLogs },
    ]);
  }

  logged(entries: readonly Entry[], took: number, now: number): void {
    let bytes = 0;
    for (const entry of entries) {
      const size = sizeOf(entry);
      bytes += size;
      this.#logSize(size, now);
    }
    this.#storeLogs(took, now);
    this.#logsPerBatch(entries.length, now);
    this.#logBatchSize(bytes, now);
    // A clock that is too coarse for a write says nothing of how many there could be.
    if (took > 0) this.#writeCapacity((entries.length * 1000) / took, now);
    if (!this.#isLeader) return;
    this.#dispatchLog(took, now);
    this.#dispatchNumLogs = entries.length;
  }

  applied(count: number, waited: number, took: number, now: number): void {
    this.#enqueue(waited, now);
    this.#applyBatch(took, now);
    this.#applyBatchNum(count, now);
    if (this.#isLeader) this.#commitNumLogs = count;
  }

  confirmed(ago: number, now: number): void {
    this.#lastContact(ago, now);
  }

  did(chore: Chore, took: number, now: number): void {
    this.#chores[chore](took, now);
  }

  turned(role: Status['role'] | undefined, term: Term): void {
    const before = this.#standing;
    this.#standing = { role, term };
    if (role === undefined) return;
    this.#turnedTo(role);
    // With another term it is somebody else who has begun it.
    if (term === before.term) this.#timedOut(before.role, role);
    if (role === 'leader') return;
    this.#dispatchNumLogs = 0;
    this.#commitNumLogs = 0;
  }

  get #isLeader(): boolean {
    return this.#standing.role === 'leader';
  }

  #turnedTo(role: Status['role'], by = 1): void {
    this.#metrics.count(`raft.state.${role}`, by);
  }

  #timedOut(before: Status['role'] | undefined, role: Status['role']): void {
    if (before === 'follower' && role === 'candidate') {
      this.#metrics.count('raft.transition.heartbeat_timeout');
    } else if (before === 'leader') {
      this.#metrics.count('raft.transition.leader_lease_timeout');
    }
  }
}
