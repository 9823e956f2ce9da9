// A new root token from the shares of the key: masked with a one-time password that only its asker knows.
import { randomInt } from 'node:crypto';
import { badRequest } from '#sdk/errors.ts';
import type { Barrier } from '#storage/barrier/barrier.ts';
import type { ShamirSeal } from '#storage/seal/shamir-seal.ts';
import { ShareAttempt, type SentShare } from './share-attempt.ts';

/** As long as the tokens are that it masks. */
export const OTP_LENGTH = 28;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

interface Running {
  /** The request that began it: run again, it finds what it did. */
  readonly startedBy: string;
  readonly attempt: ShareAttempt<true>;
  readonly otp: string;
}

export interface RootGenerationStatus {
  readonly nonce: string;
  readonly started: boolean;
  readonly progress: number;
  readonly required: number;
}

export class RootGeneration {
  readonly #seal: ShamirSeal;
  readonly #barrier: Barrier;
  #running: Running | undefined;

  constructor(seal: ShamirSeal, barrier: Barrier) {
    this.#seal = seal;
    this.#barrier = barrier;
  }

  get status(): RootGenerationStatus {
    const attempt = this.#running?.attempt;
    return {
      nonce: attempt?.nonce ?? '',
      started: attempt !== undefined,
      progress: attempt?.progress ?? 0,
      required: this.#seal.config?.secret_threshold ?? 0,
    };
  }

  /**
   * @param given the password of the asker; '' has one made
   * @returns the password
   * @throws ClientError 400 while there is another attempt, and for a password of the wrong length
   */
  start(given: string, requestId: string): string {
    if (this.#running?.startedBy === requestId) return this.#running.otp;
    if (this.#running !== undefined) throw badRequest('root generation already in progress');
    if (given !== '' && Buffer.byteLength(given) !== OTP_LENGTH) {
      throw badRequest('OTP string is wrong length');
    }
    const otp = given === '' ? randomLetters() : given;
    this.#running = { startedBy: requestId, attempt: new ShareAttempt('root generation'), otp };
    return otp;
  }

  /** @returns how to mask the token, once there are enough shares */
  provide(sent: SentShare): ((token: string) => string) | undefined {
    const running = this.#running;
    if (running === undefined) throw badRequest('no root generation in progress');
    const isProved = running.attempt.provide(sent, this.status.required, (parts) =>
      this.#prove(parts),
    );
    return isProved && ((token) => mask(token, running.otp));
  }

  end(): void {
    this.#running?.attempt.end();
    this.#running = undefined;
  }

  #prove(parts: readonly Buffer[]): true {
    const rootKey = this.#seal.openRootKey(parts);
    const isRight = this.#barrier.isRootKey(rootKey);
    rootKey.fill(0);
    if (!isRight) throw badRequest('root key verification failed');
    return true;
  }
}

/** Byte by byte; in base64 without padding, as Vault's clients expect it. */
function mask(token: string, otp: string): string {
  const key = Buffer.from(otp);
  const masked = Buffer.from(token).map((byte, index) => byte ^ (key[index] ?? 0));
  return Buffer.from(masked).toString('base64').replace(/=+$/, '');
}

const randomLetters = (): string =>
  Array.from({ length: OTP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
