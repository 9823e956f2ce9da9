// The new node's side of a join: it finds a cluster and its seal, takes shares for that, proves that it has them, and
// learns what it needs to take part.
import { createSecretKey } from 'node:crypto';
import { millis, type Clock } from '#sdk/clock.ts';
import { ClientError } from '#sdk/errors.ts';
import { isJsonObject, parseJson } from '#sdk/json.ts';
import type { NodeId, Server } from '#raft/types.ts';
import { deriveKey } from '#storage/barrier/derive.ts';
import type { SealConfig, UnsealProgress } from '#storage/seal/seal.ts';
import { checkNumbers, openStoredRootKey } from '#storage/seal/shamir-seal.ts';
import { ShareCollector } from '#storage/seal/share-collector.ts';
import type { Log } from '../log.ts';
import { isAuthorityRecord, type AuthorityRecord } from './authority.ts';
import type { Ask } from './ask-leader.ts';
import {
  decodeChallenge,
  PROOF_CONTEXT,
  prove,
  REPLY_CONTEXT,
  type Challenge,
} from './challenge.ts';
import { joinFailed, type JoinRequest, type Leader } from './leader.ts';

export interface JoiningOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ask: Ask;
  /** From [0, 1), for the jitter between attempts. */
  readonly random: () => number;
  readonly id: NodeId;
  /** `host:port` of this node's cluster port, as the others are to find it. */
  readonly clusterAddress: string;
}

/** What a node that was taken in needs; whoever gets it zeroes the root key. */
export interface Joined {
  readonly rootKey: Buffer;
  readonly authorities: AuthorityRecord;
  readonly clusterId: string;
  readonly peers: readonly Server[];
}

/** A cluster that was found, with the seal that its shares are for. */
interface Found {
  readonly leader: () => Leader;
  readonly nonVoter: boolean;
  readonly seal: SealConfig;
  readonly challenge: Challenge;
}

type State =
  | { readonly type: 'none' }
  | { readonly type: 'retrying'; readonly cancel: () => void }
  | { readonly type: 'waiting for shares'; readonly found: Found };

const CHALLENGE = 'sys/storage/raft/bootstrap/challenge';
const ANSWER = 'sys/storage/raft/bootstrap/answer';

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 10_000;

/** Anybody may tell a node that has no data whom to ask; what that costs is bounded. */
const MAX_ASKING = 4;

const NO_CHALLENGE = 'failed to get raft challenge';

export class Joining {
  readonly #options: JoiningOptions;
  readonly #collector = new ShareCollector();
  #state: State = { type: 'none' };
  /** Counts what was begun: an attempt that another has overtaken changes nothing any more. */
  #attempt = 0;
  #asking = 0;

  constructor(options: JoiningOptions) {
    this.#options = options;
  }

  /** The seal of the cluster that was found; from then on the node counts as initialised. */
  get sealConfig(): SealConfig | undefined {
    return this.#state.type === 'waiting for shares' ? this.#state.found.seal : undefined;
  }

  get progress(): UnsealProgress {
    return { progress: this.#collector.progress, nonce: this.#collector.nonce };
  }

  /**
   * Asks a leader to be let in. Whether a cluster was found; one that is to be asked again never is at once.
   *
   * @throws ClientError 500 when the leader does not answer with a challenge
   */
  async join({ leader, retry, nonVoter }: JoinRequest): Promise<boolean> {
    if (retry) {
      this.startRetrying([() => leader], nonVoter);
      return false;
    }
    if (this.#asking >= MAX_ASKING) throw joinFailed('other leaders are being asked');
    this.#asking += 1;
    try {
      const found = await this.#find(() => leader, nonVoter);
      this.stop();
      this.#wait(found);
    } finally {
      this.#asking -= 1;
    }
    return true;
  }

  /**
   * Asks leaders one after another, until one answers.
   *
   * @param leaders each read anew at each attempt
   */
  startRetrying(leaders: readonly (() => Leader)[], nonVoter: boolean): void {
    this.stop();
    this.#state = { type: 'retrying', cancel: () => {} };
    void this.#tryAll(leaders, nonVoter, 0);
  }

  /**
   * Takes a share. With the last one that is needed the cluster takes this node in.
   *
   * @throws ClientError for shares that are not the right ones, which are then forgotten, and when the cluster does
   *   not answer
   */
  async provideShare(share: Buffer): Promise<Joined | undefined> {
    const state = this.#state;
    if (state.type !== 'waiting for shares') throw new ClientError(400, 'Vault is not initialized');
    const isNew = this.#collector.add(share);
    if (!isNew || this.#collector.progress < state.found.seal.secret_threshold) return undefined;
    const { leader, nonVoter } = state.found;
    let rootKey: Buffer | undefined;
    try {
      // The seal may have got other shares since it was found.
      const found = await this.#find(leader, nonVoter);
      this.#wait(found);
      rootKey = this.#collector.use((parts) => openChallenge(found.challenge, parts));
      const joined = await this.#answer(found, rootKey);
      this.#state = { type: 'none' };
      return { ...joined, rootKey };
    } catch (error) {
      rootKey?.fill(0);
      throw error;
    } finally {
      this.#collector.reset();
    }
  }

  /** Forgets the shares of the attempt. */
  reset(): void {
    this.#collector.reset();
  }

  /** Gives up whatever was begun. */
  stop(): void {
    this.#attempt += 1;
    if (this.#state.type === 'retrying') this.#state.cancel();
    this.#state = { type: 'none' };
    this.#collector.reset();
  }

  #wait(found: Found): void {
    this.#state = { type: 'waiting for shares', found };
    this.#options.log.info('a cluster was found, which waits for shares of its key');
  }

  async #tryAll(
    leaders: readonly (() => Leader)[],
    nonVoter: boolean,
    failed: number,
  ): Promise<void> {
    const attempt = this.#attempt;
    for (const leader of leaders) {
      const found = await this.#tryToFind(leader, nonVoter);
      if (this.#attempt !== attempt) return;
      if (found !== undefined) {
        this.#wait(found);
        return;
      }
    }
    const longest = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(failed, 16));
    const rest = millis(longest * (0.5 + this.#options.random() / 2));
    const again = (): void => void this.#tryAll(leaders, nonVoter, failed + 1);
    this.#state = { type: 'retrying', cancel: this.#options.clock.after(rest, again) };
  }

  /** Whatever goes wrong, a configuration file that cannot be read included, is tried again. */
  async #tryToFind(leader: () => Leader, nonVoter: boolean): Promise<Found | undefined> {
    try {
      return await this.#find(leader, nonVoter);
    } catch (error) {
      const reason = reasonOf(error);
      this.#options.log.warn('no cluster was found to join', { error: reason });
      return undefined;
    }
  }

  async #find(leader: () => Leader, nonVoter: boolean): Promise<Found> {
    const { ask, id } = this.#options;
    let data: Readonly<Record<string, unknown>>;
    try {
      data = await ask(leader(), CHALLENGE, { server_id: id });
    } catch (cause) {
      throw new ClientError(500, `failed to join raft cluster: ${NO_CHALLENGE}`, { cause });
    }
    const { challenge: text, seal_config: seal } = data;
    const challenge = typeof text === 'string' ? decodeChallenge(text) : undefined;
    if (challenge === undefined || !isSealConfig(seal)) throw joinFailed(NO_CHALLENGE);
    const { type, secret_shares, secret_threshold } = seal;
    return { leader, nonVoter, seal: { type, secret_shares, secret_threshold }, challenge };
  }

  async #answer(found: Found, rootKey: Buffer): Promise<Omit<Joined, 'rootKey'>> {
    const { ask, id, clusterAddress } = this.#options;
    const { nonVoter } = found;
    const key = createSecretKey(rootKey);
    const keys = { proof: deriveKey(key, PROOF_CONTEXT), reply: deriveKey(key, REPLY_CONTEXT) };
    const terms = { serverId: id, clusterAddress, nonVoter };
    const { answer, openReply } = prove(keys, found.challenge.token, terms);
    let data: Readonly<Record<string, unknown>>;
    try {
      data = await ask(found.leader(), ANSWER, {
        answer: answer.toString('base64'),
        cluster_addr: clusterAddress,
        server_id: id,
        non_voter: nonVoter,
      });
    } catch (cause) {
      throw new ClientError(500, `failed to send answer to raft leader node: ${reasonOf(cause)}`, {
        cause,
      });
    }
    const { tls_keyring: sealed } = data;
    const reply = typeof sealed === 'string' ? openReply(Buffer.from(sealed, 'base64')) : undefined;
    const joined = reply === undefined ? undefined : parseReply(reply);
    reply?.fill(0);
    if (joined === undefined) throw joinFailed('the answer is not from a node of the cluster');
    return joined;
  }
}

/** The root key, from the shares. The words are Vault's. */
function openChallenge({ storedRootKey }: Challenge, parts: readonly Buffer[]): Buffer {
  try {
    return openStoredRootKey(storedRootKey, parts);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new ClientError(500, `error decrypting challenge: ${error.message}`, { cause: error });
  }
}

function isSealConfig(value: unknown): value is SealConfig {
  if (!isJsonObject(value)) return false;
  const { type, secret_shares, secret_threshold } = value;
  if (
    type !== 'shamir' ||
    !Number.isInteger(secret_shares) ||
    !Number.isInteger(secret_threshold)
  ) {
    return false;
  }
  try {
    checkNumbers({
      secret_shares: Number(secret_shares),
      secret_threshold: Number(secret_threshold),
    });
    return true;
  } catch (error) {
    if (error instanceof ClientError) return false;
    throw error;
  }
}

/** Who has the root key wrote it; it is looked at all the same. */
function parseReply(bytes: Buffer): Omit<Joined, 'rootKey'> | undefined {
  const reply = parseJson(bytes.toString());
  if (!isJsonObject(reply)) return undefined;
  const { authorities, cluster_id: clusterId, peers } = reply;
  if (!isAuthorityRecord(authorities) || typeof clusterId !== 'string' || !Array.isArray(peers)) {
    return undefined;
  }
  return { authorities, clusterId, peers: peers as readonly Server[] };
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};
