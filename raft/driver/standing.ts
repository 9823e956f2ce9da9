// What this node is in its cluster, as others may rely on it: it leads only once it may serve.
import type { Index, NodeId, Term } from '../types.ts';

/** `candidate` also covers a node that knows of no leader, and a leader that does not serve yet. */
export type Role =
  | { readonly type: 'leader'; readonly term: Term }
  | { readonly type: 'follower'; readonly term: Term; readonly leader: NodeId }
  | { readonly type: 'candidate'; readonly term: Term }
  /** Not started, stopped, or failed, which has a reason. */
  | { readonly type: 'stopped'; readonly reason?: string }
  /** The cluster has removed this node. It stays so over restarts, until its folder is emptied. */
  | { readonly type: 'removed' };

export class Standing {
  #role: Role = { type: 'stopped' };
  #told: Role = this.#role;
  /** A leader that has not yet applied the first entry of its term. */
  #coming: { readonly term: Term; readonly from: Index } | undefined;

  get role(): Role {
    return this.#role;
  }

  lead(term: Term, from: Index, applied: Index): void {
    this.#coming = { term, from };
    this.#role = { type: 'candidate', term };
    this.applied(applied);
  }

  follow(term: Term, leader: NodeId | undefined): void {
    this.#coming = undefined;
    this.#role =
      leader === undefined ? { type: 'candidate', term } : { type: 'follower', term, leader };
  }

  applied(through: Index): void {
    if (this.#coming === undefined || through < this.#coming.from) return;
    this.#role = { type: 'leader', term: this.#coming.term };
    this.#coming = undefined;
  }

  end(role: Role): void {
    if (this.#role.type === 'removed') return;
    this.#coming = undefined;
    this.#role = role;
  }

  /** The role if it is another one than when this was last asked. */
  news(): Role | undefined {
    if (isSame(this.#role, this.#told)) return undefined;
    this.#told = this.#role;
    return this.#role;
  }
}

function isSame(one: Role, other: Role): boolean {
  if (one.type === 'follower' && other.type === 'follower' && one.leader !== other.leader) {
    return false;
  }
  return one.type === other.type && termOf(one) === termOf(other);
}

function termOf(role: Role): Term | undefined {
  return 'term' in role ? role.term : undefined;
}
