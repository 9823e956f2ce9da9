// A password or key typed at the terminal, without echo.
import type { ReadStream } from 'node:tty';

const INTERRUPT = '\u0003';
const END = '\u0004';
const ERASE = new Set(['\u0008', '\u007f']);

/** One line. Throws where there is no terminal, and when the user gives up. */
export function readHidden(terminal: ReadStream): Promise<string> {
  if (!terminal.isTTY) throw new Error('file descriptor 0 is not a terminal');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let line = '';
  terminal.setRawMode(true);
  terminal.setEncoding('utf8');
  terminal.on('data', onData);
  terminal.resume();
  return promise.finally(() => {
    terminal.off('data', onData);
    terminal.setRawMode(false);
    terminal.pause();
  });

  function onData(typed: Buffer | string): void {
    for (const character of String(typed)) {
      if (character === '\r' || character === '\n') resolve(line);
      else if (character === INTERRUPT) reject(new Error('interrupted'));
      else if (character === END && line === '') reject(new Error('EOF'));
      else if (ERASE.has(character)) line = line.slice(0, -1);
      else line += character;
    }
  }
}
