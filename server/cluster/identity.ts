// Who this node is on the cluster port: its certificate, issued by itself and again long before it ends.
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '#sdk/clock.ts';
import type { NodeId } from '#raft/types.ts';
import { issue, type AuthorityRecord, type NodeCertificate } from './authority.ts';

export class Identity {
  readonly id: NodeId;
  readonly #clock: Clock;
  #record: AuthorityRecord;
  #certificate: NodeCertificate;
  #context: SecureContext;

  constructor(id: NodeId, record: AuthorityRecord, clock: Clock) {
    this.id = id;
    this.#clock = clock;
    this.#record = record;
    this.#certificate = issue(record, id, clock.now());
    this.#context = contextOf(this.#certificate);
  }

  /** The certificate to show now; the same object for as long as it is the same. */
  get certificate(): NodeCertificate {
    this.#renew();
    return this.#certificate;
  }

  /** The same, ready for a connection. */
  get context(): SecureContext {
    this.#renew();
    return this.#context;
  }

  /** The authorities have changed: connections from now on are made under the new ones. */
  adopt(record: AuthorityRecord): void {
    this.#record = record;
    this.#issue();
  }

  /** A clock that was set back makes a certificate of the future, which nobody else takes. */
  #renew(): void {
    const now = this.#clock.now();
    if (now >= this.#certificate.renewAt || now < this.#certificate.issuedAt) this.#issue();
  }

  #issue(): void {
    this.#certificate = issue(this.#record, this.id, this.#clock.now());
    this.#context = contextOf(this.#certificate);
  }
}

const contextOf = ({ cert, key, ca }: NodeCertificate): SecureContext =>
  createSecureContext({ cert, key, ca: [...ca], minVersion: 'TLSv1.3' });
