// Compares what the nodes have made of the same log: each says what its state adds up to after every so many entries, and
// the leader finds out who is alone with it. That may be the leader itself, so nobody is wrong until a majority is right.
import type { Configuration, Index, NodeId } from '../types.ts';
import { CHECK_EVERY } from './applier.ts';
import type { Part } from './packet.ts';

export interface ComparisonHands {
  readonly id: NodeId;
  /** `undefined` while there is none, or it is not known. */
  leader(): NodeId | undefined;
  configuration(): Configuration;
  checksum(): Uint8Array;
  send(to: NodeId, parts: readonly Part[]): void;
  /** The state of this node is not what the log makes of it. */
  diverged(index: Index): void;
}

/** Followers may be that many comparisons apart. */
const INDEXES_KEPT = 8;

type SumById = Map<NodeId, string>;

export class Comparison {
  readonly #hands: ComparisonHands;
  readonly #sumsByIndex = new Map<Index, SumById>();

  constructor(hands: ComparisonHands) {
    this.#hands = hands;
  }

  applied(through: Index): void {
    if (through % CHECK_EVERY !== 0) return;
    const sum = this.#hands.checksum();
    this.#note(this.#hands.id, through, sum);
    const leader = this.#hands.leader();
    if (leader === this.#hands.id) this.#judge(through);
    else if (leader !== undefined) {
      this.#hands.send(leader, [{ type: 'checksum', index: through, sum }]);
    }
  }

  /** What another server's state adds up to. */
  heard(from: NodeId, { index, sum }: Part & { readonly type: 'checksum' }): void {
    if (this.#hands.leader() !== this.#hands.id || index % CHECK_EVERY !== 0) return;
    this.#note(from, index, sum);
    this.#judge(index);
  }

  /** The leader says that this node is the one that is wrong. */
  accused(from: NodeId, { index }: Part & { readonly type: 'diverged' }): void {
    const isKnown = this.#sumsByIndex.get(index)?.has(this.#hands.id) === true;
    if (isKnown && from === this.#hands.leader()) this.#hands.diverged(index);
  }

  #note(id: NodeId, index: Index, sum: Uint8Array): void {
    const sums = this.#sumsByIndex.get(index) ?? new Map<NodeId, string>();
    this.#sumsByIndex.set(index, sums);
    sums.set(id, Buffer.from(sum).toString('base64'));
    const indexes = [...this.#sumsByIndex.keys()].toSorted((one, other) => one - other);
    for (const old of indexes.slice(0, -INDEXES_KEPT)) this.#sumsByIndex.delete(old);
  }

  #judge(index: Index): void {
    const sums = this.#sumsByIndex.get(index);
    const right = sums && this.#majoritySum(sums);
    if (sums === undefined || right === undefined) return;
    for (const [id, sum] of sums) {
      if (sum === right) continue;
      sums.delete(id);
      if (id === this.#hands.id) this.#hands.diverged(index);
      else this.#hands.send(id, [{ type: 'diverged', index }]);
    }
  }

  /** The sum that a majority of the voters have come to. */
  #majoritySum(sums: SumById): string | undefined {
    const voters = this.#hands.configuration().filter(({ suffrage }) => suffrage === 'voter');
    const found = voters.map(({ id }) => sums.get(id)).filter((sum) => sum !== undefined);
    return found.find((sum) => 2 * found.filter((other) => other === sum).length > voters.length);
  }
}
