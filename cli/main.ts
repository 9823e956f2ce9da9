// The command: which subcommand runs. It talks to a server over HTTP only; `server` starts one.
import { runServer } from '#server/main.ts';
process.exitCode = await runServer(process.argv.slice(3));
