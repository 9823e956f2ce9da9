// The command: which subcommand runs. It talks to a server over HTTP only; `server` starts one.
console.log(process.argv.slice(2).join(' '));
