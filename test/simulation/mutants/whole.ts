// Bugs in what stands between the core and the world: the driver, the log on the disk, the storage on top.
import type { Mutant } from './mutant.ts';

const DRIVER: readonly Mutant[] = [
  {
    name: 'no message waits for the disk',
    file: 'raft/driver/order.ts',
    search: 'if (send.isUrgent || this.#waiting.length === 0) this.#hands',
    replace: 'if (this.#waiting.length >= 0) this.#hands',
  },
  {
    name: 'what is being written is said to be durable',
    scenario: 'what was acknowledged is there after the power was gone everywhere',
    file: 'raft/driver/order.ts',
    search: '    void this.#await(this.#hands.persist(group), last + 1);',
    replace: `    const early = group.at(-1);
    if (early !== undefined) this.#hands.persisted(early);
    void this.#await(this.#hands.persist(group), last + 1);`,
  },
  {
    name: 'an older term or vote is written in the place of a newer one',
    file: 'raft/driver/persister.ts',
    search: 'group.findLast((persist) => persist.hardState',
    replace: 'group.find((persist) => persist.hardState',
  },
  {
    name: 'a lease is longer than an election takes',
    file: 'raft/driver/lease.ts',
    search: 'const SHARE_OF_ELECTION_TIME = 0.8;',
    replace: 'const SHARE_OF_ELECTION_TIME = 2;',
  },
  {
    name: 'a lease that has ended goes on',
    file: 'raft/driver/lease.ts',
    search: '    this.#beganByRound.clear();\n    this.#until = Number.NEGATIVE_INFINITY;',
    replace: '    this.#beganByRound.clear();',
  },
  {
    name: 'a lease is counted from its confirmation',
    file: 'raft/driver/driver.ts',
    search: '        this.#report.confirmed(this.#lease.confirm(news.round), at);',
    replace: `        this.#lease.begin(news.round, at);
        this.#report.confirmed(this.#lease.confirm(news.round), at);`,
  },
  {
    name: 'a leader answers under its lease before it has applied what is committed',
    file: 'raft/driver/driver.ts',
    search: 'if (this.#applied >= this.#loop.state.commit) return undefined;',
    replace: 'return undefined;',
  },
  {
    name: 'a leader answers under its lease before it serves',
    file: 'raft/driver/driver.ts',
    search:
      "if (this.#standing.role.type === 'leader' && this.#lease.holds(this.#options.timer.now())) {",
    replace: 'if (this.#lease.holds(this.#options.timer.now())) {',
  },
  {
    name: 'a node serves before it has applied the first entry of its term',
    file: 'raft/driver/standing.ts',
    search: 'if (this.#coming === undefined || through < this.#coming.from) return;',
    replace: 'if (this.#coming === undefined) return;',
  },
  {
    name: 'a read shares a question that was asked before it',
    file: 'raft/driver/reads.ts',
    search: `      // Who calls from now on may have seen something that the answer does not cover.
      if (this.#gathering === batch) this.#gathering = undefined;
`,
    replace: '',
  },
  {
    name: 'a read does not wait until its index is applied',
    file: 'raft/driver/reads.ts',
    search: '      if (outcome.index <= this.#hands.applied()) this.#end(batch);',
    replace: '      this.#end(batch);',
  },
  {
    name: 'ticks come twice as fast as a lease believes',
    scenario: 'a leader that was paused does not answer with what was true before, as a whole',
    file: 'raft/driver/ticker.ts',
    search: 'this.#timer.after(this.#length,',
    replace: 'this.#timer.after(this.#length * 0.4,',
  },
  {
    name: 'the log is cut before the state is durable',
    file: 'raft/driver/driver.ts',
    search: 'sync: () => this.#options.machine.sync(),',
    replace: 'sync: () => Promise.resolve(this.#options.machine.position),',
  },
  {
    name: 'an install leaves the state as it was',
    file: 'raft/driver/driver.ts',
    search: '        await this.#options.machine.restore(file);\n',
    replace: '',
  },
];

const LOG: readonly Mutant[] = [
  {
    name: 'the log is not synced',
    file: 'raft/driver/wal-segments.ts',
    search: 'await segment.file.writeDurably(offset, bytes);',
    replace: 'await segment.file.write(offset, bytes);',
  },
  {
    name: 'the folder is not synced when a segment is made',
    file: 'raft/driver/wal-segments.ts',
    search: '    await disk.syncFolder();\n    return { number, file };',
    replace: '    return { number, file };',
  },
  {
    name: 'a segment is removed while its entries are needed',
    file: 'raft/driver/wal.ts',
    search: 'await this.#drop(({ lastIndex }) => lastIndex <= through);',
    replace: 'await this.#drop(({ lastIndex }) => lastIndex <= through + 1000);',
  },
  {
    name: 'the older of two terms and votes is taken',
    file: 'raft/driver/hard-state.ts',
    search: 'const isFirst = (a?.order ?? 0) > (b?.order ?? 0);',
    replace: 'const isFirst = (a?.order ?? 0) < (b?.order ?? 0);',
  },
  {
    name: 'a term or vote goes nowhere when it comes without entries',
    scenario: 'a server that votes remembers it over a restart',
    file: 'raft/driver/wal.ts',
    search: '    const isSame = places.every((place) => isSameVote(hardState, place));',
    replace: `    if (entries.length === 0) return;
    const isSame = places.every((place) => isSameVote(hardState, place));`,
  },
];

const STORAGE: readonly Mutant[] = [
  {
    name: 'a batch is judged by what is applied, not by what is on its way',
    file: 'storage/proposals.ts',
    search: "isForAnother ? 'everything' : findMoved(batch, this.#forecast)",
    replace: "isForAnother ? 'everything' : findMoved(batch, this.#machine)",
  },
  {
    name: 'a batch is not judged',
    file: 'storage/judge.ts',
    search: 'if (now.indexOf(key) !== index) return key;',
    replace: 'if (now.indexOf(key) === -1) return key;',
  },
  {
    name: 'a batch that may have been taken is said to have failed',
    file: 'storage/proposals.ts',
    search: 'pending.end.reject(new UncertainError(LOST, pending.index));',
    replace: 'pending.end.reject(new NotLeaderError(undefined));',
  },
  {
    name: 'a batch is acknowledged when it is in the log of its leader',
    file: 'storage/proposals.ts',
    search: '        this.#pending.add(pending);\n',
    replace: '        this.#pending.add(pending);\n        pending.end.resolve(outcome.index);\n',
  },
  {
    name: 'a snapshot holds what was written after it',
    file: 'storage/generation.ts',
    search:
      '      if (entry !== undefined) for (const snapshot of this.#snapshots) snapshot.keep(key, entry);\n',
    replace: '',
  },
];

export const WHOLE_MUTANTS: readonly Mutant[] = [...DRIVER, ...LOG, ...STORAGE].map((mutant) => ({
  ...mutant,
  kit: 'whole',
}));
