// An unseal key for a ceremony with a nonce: an argument, standard input, or asked for without echo.
import { messageOf, usageFailure } from '../../failure.ts';
import { wrap } from '../../format/wrap.ts';
import type { Host } from '../../host.ts';

export interface KeyQuestion {
  /** The argument; '' to ask, `-` for standard input. */
  readonly typed: string;
  /** `-nonce`, which goes with a key that is not typed at the prompt. */
  readonly nonce: string;
  /** The nonce of what is under way, shown to whoever is asked. */
  readonly nonceOfServer: string;
  /** `Unseal Key`, `Recovery Key`. */
  readonly name: string;
  /** `Rekey operation nonce`, `Operation nonce`. */
  readonly nonceName: string;
}

export interface KeyAndNonce {
  readonly key: string;
  readonly nonce: string;
}

export async function readKey(question: KeyQuestion, host: Host): Promise<KeyAndNonce> {
  const { typed, nonce, nonceOfServer } = question;
  if (typed === '') return { key: await ask(question, host), nonce: nonceOfServer };
  if (nonce === '') {
    throw usageFailure('Missing nonce value: specify it via the -nonce flag');
  }
  return { key: (typed === '-' ? host.readStdin() : typed).trim(), nonce };
}

async function ask({ nonceName, nonceOfServer, name }: KeyQuestion, host: Host): Promise<string> {
  host.stdout(`${nonceName}: ${nonceOfServer}\n${name} (will be hidden): `);
  try {
    return (await host.readHidden()).trim();
  } catch (error) {
    throw usageFailure(
      wrap(
        `An error occurred attempting to ask for the ${name.toLowerCase()}. The raw error message is shown below, but usually this is because you attempted to pipe a value into the command or you are executing outside of a terminal (tty). If you want to pipe the value, pass "-" as the argument to read from stdin. The raw error was: ${messageOf(error)}`,
      ),
    );
  } finally {
    host.stdout('\n');
  }
}
