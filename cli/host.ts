// What a command may touch of the machine it runs on. Tests hand in another host; `main.ts` makes the real one.

export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the token helper keeps its file and what `~` means in a path. */
  readonly home: string;
  /** A terminal gets a line's end after a single field, a pipe does not. */
  readonly isTerminal: boolean;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Everything on standard input, to its end. */
  readStdin(): string;
  /** One line typed at the terminal without echo. Throws where standard input is no terminal. */
  readHidden(): Promise<string>;
  sleep(milliseconds: number): Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
}
