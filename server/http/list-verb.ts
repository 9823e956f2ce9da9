// The verb LIST, which clients send and Node's parser refuses. The refused bytes are given to a fresh parser on the same
// socket under a verb that it knows and nobody uses; the request then arrives as LIST_STAND_IN. Nothing else of a bad
// request is ever rescued.
import type { Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';

/** A verb of Node's parser, as long as any, that no Vault client sends. */
export const LIST_STAND_IN = 'SEARCH';

const LIST = Buffer.from('LIST ');
/** LI could become LINK; the parser stops at the S. Anywhere else it stops in another word. */
const PARSED_OF_LIST = 2;
const UNLINK_START = Buffer.from('UN');
const STAND_IN = Buffer.from(`${LIST_STAND_IN} `);

interface ParseError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
  readonly bytesParsed?: number;
}

/** The answer to bytes that are no HTTP; the connection cannot be used any further. */
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const HEADERS_TOO_LARGE =
  'HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** Makes a server take LIST, and answer what is no HTTP with 400 and nothing more. */
export function acceptListVerb(server: Server | SecureServer, connectionEvent: string): void {
  const lastResponse = new WeakMap<Duplex, ServerResponse>();
  server.on('request', (request, response) => lastResponse.set(request.socket, response));
  server.on('clientError', (error: ParseError, socket: Duplex) => {
    const rescued = rescuedBytes(error);
    if (rescued === undefined || socket.destroyed) {
      refuse(error, socket);
      return;
    }
    const restart = (): void => {
      endParser(socket);
      socket.removeAllListeners();
      server.emit(connectionEvent, socket);
      socket.emit('data', rescued);
    };
    afterResponse(socket, lastResponse.get(socket), restart);
  });
}

/** What Node keeps at a socket, and ends only together with it. */
interface ParserOfNode {
  /** The server no longer looks how long its request takes. */
  remove(): void;
  close(): void;
}

/**
 * The parser that refused would wait for the rest of its request until the server's patience ends, and answer then. It is
 * ended as Node ends parsers, once it is no longer at work.
 */
function endParser(socket: Duplex & { readonly parser?: ParserOfNode | null }): void {
  const { parser } = socket;
  if (!parser) return;
  parser.remove();
  setImmediate(() => parser.close());
}

/** Calls `restart` once the answer to the request before is out, so that answers stay in the order of requests. */
function afterResponse(
  socket: Duplex,
  before: ServerResponse | undefined,
  restart: () => void,
): void {
  socket.removeAllListeners('data');
  socket.on('data', () => {}); // makes Node take the bytes back from the parser that it feeds directly
  if (before === undefined || before.writableFinished) {
    restart();
    return;
  }
  socket.pause();
  before.once('close', () => {
    if (socket.destroyed) return;
    restart();
    socket.resume();
  });
}

/** The rest of the packet with the verb exchanged, when the verb was LIST. */
function rescuedBytes({ code, rawPacket, bytesParsed = 0 }: ParseError): Buffer | undefined {
  if (code !== 'HPE_INVALID_METHOD' || rawPacket === undefined) return undefined;
  const start = bytesParsed - PARSED_OF_LIST;
  if (start < 0 || !rawPacket.subarray(start).subarray(0, LIST.length).equals(LIST)) {
    return undefined;
  }
  // The parser would go on from UNLI to UNLINK, and stops in UNLIST at the same letter.
  if (rawPacket.subarray(Math.max(0, start - 2), start).equals(UNLINK_START)) return undefined;
  return Buffer.concat([STAND_IN, rawPacket.subarray(start + LIST.length)]);
}

/** The time that a client has to read why; one that never ends its half would keep its connection for ever. */
const LINGER_MS = 1_000;
/** What the parser and the limits of requests complain of. Whatever else comes here has no HTTP to be answered in. */
const OF_HTTP = /^(?:HPE|ERR_HTTP)_/;

function refuse(error: ParseError, socket: Duplex): void {
  if (!socket.writable || !OF_HTTP.test(error.code ?? '')) {
    socket.destroy();
    return;
  }
  socket.end(error.code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : BAD_REQUEST);
  const ending = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(ending));
}
