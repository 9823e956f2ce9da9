// Passwords: kept as bcrypt hashes, made and checked in the thread pool, off the loop that answers everybody else.
import { hash, parseOptions, verify } from '@node-rs/bcrypt';
import { badRequest, serverError } from '#sdk/errors.ts';
import { Turns } from './turns.ts';

/** Vault's (Go's default): about 60 ms. */
const COST = 10;

/** A hash that a client brings may cost about 2 s to check, so that no user can keep the thread pool busy. */
const MAX_COST = 15;

/** bcrypt does not look beyond. */
const MAX_BYTES = 72;

const HASH = /^\$2[aby]\$\d\d\$[./\dA-Za-z]{53}$/;

/** Of no user, at the cost of all that are made here: what a login of a user who is not there is checked against. */
const STAND_IN = '$2b$10$obieaZ1JOFLrruLStOiOie4JzCSBE9i/6idrthQUSkZj/B0XvSe/K';

/** Half of the threads that there are, so that disk and signatures get theirs; who waits last waits some 8 s. */
const LIMITS = { atOnce: 2, waiting: 256 } as const;

/** The work that passwords of one mount are. */
export class Passwords {
  readonly #turns = new Turns(LIMITS);

  /** @throws ClientError 500, as Vault has it, for a password that would count in part only */
  async hash(password: string): Promise<string> {
    if (Buffer.byteLength(password) > MAX_BYTES) {
      throw serverError(`bcrypt: password length exceeds ${MAX_BYTES} bytes`);
    }
    return this.#turns.take(() => hash(password, { cost: COST }));
  }

  /** Whether the password is right. Without a user it takes as long, and is not. */
  async isRight(password: string, kept: string | undefined): Promise<boolean> {
    const isRight = await this.#turns.take(() => verify(password, kept ?? STAND_IN));
    return kept !== undefined && isRight;
  }
}

/**
 * Checks a hash in the place of a password.
 *
 * @throws ClientError 400
 */
export function checkHash(sent: string): string {
  if (!HASH.test(sent)) throw badRequest('"password_hash" must be a bcrypt hash');
  if (parseOptions(sent).cost > MAX_COST) {
    throw badRequest(`"password_hash" must not have a cost over ${MAX_COST}`);
  }
  return sent;
}
