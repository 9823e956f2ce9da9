// The program: hands the machine it runs on to the dispatcher. It talks to a server over HTTP only; `server` starts one.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.ts';
import { run } from './run.ts';

const STANDARD_INPUT = 0;

const host: Host = {
  environment: process.env,
  home: process.env['HOME'] ?? homedir(),
  isTerminal: process.stdout.isTTY,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  readStdin: () => readFileSync(STANDARD_INPUT, 'utf8'),
  readHidden: async () => {
    const { readHidden } = await import('./input/hidden.ts');
    return readHidden(process.stdin);
  },
  sleep,
  now: Date.now,
};

// `vault ... | head` closes the pipe early: there is nobody left to tell.
process.stdout.on('error', () => process.exit());
process.exitCode = await run(process.argv.slice(2), host);
