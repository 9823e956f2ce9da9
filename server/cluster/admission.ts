// The active node's side of a join: challenges for whoever asks, and a place in the cluster for who answers one.
import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { millis, type Clock, type Millis } from '#sdk/clock.ts';
import { assert, badRequest, ClientError } from '#sdk/errors.ts';
import type { NodeId, Server } from '#raft/types.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import { NotLeaderError, RefusedError, type ClusterStorage } from '#storage/cluster-storage.ts';
import { SEAL_CONFIG_KEY, STORED_ROOT_KEY } from '#storage/key.ts';
import { formatHostPort, parseHostPort } from './address.ts';
import { CLUSTER_KEY, type ClusterRecord } from '../cluster.ts';
import { AUTHORITY_KEY, type AuthorityRecord } from './authority.ts';
import {
  encodeChallenge,
  expiryOf,
  isProof,
  makeToken,
  PROOF_CONTEXT,
  REPLY_CONTEXT,
  sealReply,
  tokenOfAnswer,
  type JoinTerms,
} from './challenge.ts';

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly barrier: Pick<Barrier, 'physical' | 'read' | 'deriveKey'>;
  readonly storage: Pick<ClusterStorage, 'id' | 'status' | 'change'>;
}

/** What a new node is told, encrypted for it. */
export interface AdmissionRecord {
  readonly authorities: AuthorityRecord;
  readonly cluster_id: string;
  readonly peers: readonly Server[];
}

/** Long enough for a slow network; the shares are there before a challenge is asked for. */
const CHALLENGE_MS = 60_000;

/** Asking costs nothing but time, and nobody joins so often. */
const CHALLENGES_PER_SECOND = 100;

/** Each was used by somebody with the root key, and is remembered for a minute: more are no joins. */
const MAX_USED = 1_000;

/** Names are kept by every server, in the log. */
const SERVER_ID_MAX = 1_024;

/** A server that was heard of so recently is there, and cannot be new. */
const IN_SERVICE_MS = 10_000;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const SECRET_BYTES = 32;

export class Admission {
  readonly #options: AdmissionOptions;
  /** Of this process, so that nobody answers what another has asked. */
  readonly #secret: KeyObject = createSecretKey(randomBytes(SECRET_BYTES));
  /** The challenges that were answered, with when they would have ended; the oldest first. */
  readonly #used = new Map<string, number>();
  #second = 0;
  #issued = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /**
   * A challenge for a server, with what it must know to open it. Nothing is kept of it here.
   *
   * @throws ClientError 429 when too many are asked for
   */
  challenge(serverId: string): Readonly<Record<string, unknown>> {
    checkServerId(serverId);
    this.#count();
    const { physical } = this.#options.barrier;
    const [config, rootKey] = [physical.get(SEAL_CONFIG_KEY), physical.get(STORED_ROOT_KEY)];
    assert(config !== undefined && rootKey !== undefined, 'an open barrier has a seal');
    const token = makeToken(this.#secret, serverId, this.#after(CHALLENGE_MS));
    return {
      challenge: encodeChallenge(token, rootKey),
      seal_config: JSON.parse(Buffer.from(config).toString()) as unknown,
    };
  }

  /**
   * Takes a server that has proven to have the shares into the cluster.
   *
   * @param answer in base64
   * @throws ClientError 400 for anything but the first right answer to a challenge for just this
   */
  async answer(terms: JoinTerms, answer: string): Promise<Readonly<Record<string, unknown>>> {
    checkServerId(terms.serverId);
    const proven = this.#check(terms, answer);
    await this.#add(terms);
    const { barrier, storage } = this.#options;
    const { configuration } = storage.status();
    const authorities = barrier.read<AuthorityRecord>(AUTHORITY_KEY)?.value;
    const cluster = barrier.read<ClusterRecord>(CLUSTER_KEY)?.value;
    assert(
      authorities !== undefined && cluster !== undefined,
      'a cluster has a name and authorities',
    );
    const record: AdmissionRecord = { authorities, cluster_id: cluster.id, peers: configuration };
    const plaintext = Buffer.from(JSON.stringify(record));
    const sealed = sealReply(barrier.deriveKey(REPLY_CONTEXT), proven, plaintext);
    plaintext.fill(0);
    return {
      peers: configuration.map(({ id, address, suffrage }) => ({ id, address, suffrage })),
      tls_keyring: sealed.toString('base64'),
    };
  }

  #check(terms: JoinTerms, text: string): Buffer {
    if (!BASE64.test(text)) throw badRequest('could not base64 decode answer');
    const answer = Buffer.from(text, 'base64');
    const token = tokenOfAnswer(answer);
    if (token === undefined) throw wrongAnswer();
    const expiry = expiryOf(this.#secret, terms.serverId, token);
    if (expiry === undefined || expiry < this.#options.clock.now()) throw wrongAnswer();
    const key = this.#options.barrier.deriveKey(PROOF_CONTEXT);
    if (!isProof(key, answer, terms)) throw wrongAnswer();
    this.#use(token, expiry);
    return answer;
  }

  /** Only what is right comes here, so strangers cannot fill the memory. */
  #use(token: Buffer, expiry: number): void {
    const name = createHmac('sha256', this.#secret).update(token).digest('base64');
    const now = this.#options.clock.now();
    for (const [used, end] of this.#used) if (end < now) this.#used.delete(used);
    if (this.#used.has(name)) throw wrongAnswer();
    if (this.#used.size >= MAX_USED) throw tooMany();
    this.#used.set(name, expiry);
  }

  async #add({ serverId, clusterAddress, nonVoter }: JoinTerms): Promise<void> {
    const id = serverId as NodeId;
    const at = parseHostPort(clusterAddress);
    if (at === undefined) throw badRequest('invalid cluster_addr provided');
    const { storage } = this.#options;
    const { configuration, peers } = storage.status();
    const known = configuration.find((server) => server.id === id);
    const lastContact = peers.find((peer) => peer.id === id)?.lastContact ?? Infinity;
    if (id === storage.id || (known !== undefined && lastContact < IN_SERVICE_MS)) {
      throw badRequest(`a server with the id ${JSON.stringify(serverId)} is in service`);
    }
    try {
      // It comes with an empty log: as the voter that it was it could vote away what it once acknowledged.
      if (known?.suffrage === 'voter') await storage.change({ type: 'remove', id });
      const suffrage = nonVoter ? 'nonvoter' : 'staging';
      const address = formatHostPort(at);
      await storage.change({ type: 'add', server: { id, address, suffrage } });
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof NotLeaderError)) throw error;
      throw new ClientError(500, `failed to add the server: ${error.message}`, { cause: error });
    }
  }

  #count(): void {
    const second = Math.floor(this.#options.clock.now() / 1000);
    this.#issued = second === this.#second ? this.#issued + 1 : 1;
    this.#second = second;
    if (this.#issued > CHALLENGES_PER_SECOND) throw tooMany();
  }

  #after(delay: number): Millis {
    return millis(this.#options.clock.now() + delay);
  }
}

function checkServerId(id: string): void {
  if (id.length <= SERVER_ID_MAX && id.isWellFormed()) return;
  throw badRequest('invalid server id provided');
}

const wrongAnswer = (): ClientError => badRequest('invalid answer given');
const tooMany = (): ClientError => new ClientError(429, 'too many servers ask to join');
