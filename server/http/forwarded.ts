// The client's address behind a proxy: X-Forwarded-For is believed only from addresses that the listener names.
import type { IncomingMessage } from 'node:http';
import { blockContains, parseBlock } from '#sdk/cidr.ts';
import { badRequest } from '#sdk/errors.ts';
import type { Listener } from '../config/listener.ts';

export type ForwardedSettings = Pick<
  Listener,
  | 'x_forwarded_for_authorized_addrs'
  | 'x_forwarded_for_hop_skips'
  | 'x_forwarded_for_reject_not_present'
  | 'x_forwarded_for_reject_not_authorized'
>;

/**
 * The address of the client that a request came from.
 *
 * @throws ClientError 400 when the proxy is not to be believed, or says nothing that is an address
 */
export function clientAddress(request: IncomingMessage, settings: ForwardedSettings): string {
  const peer = unmapped(request.socket.remoteAddress ?? '');
  if (settings.x_forwarded_for_authorized_addrs.length === 0) return peer;
  const lines = request.headersDistinct['x-forwarded-for'];
  if (lines === undefined) {
    if (!settings.x_forwarded_for_reject_not_present) return peer;
    throw badRequest('missing x-forwarded-for header and configured to reject when not present');
  }
  if (!isAuthorized(peer, settings)) {
    if (!settings.x_forwarded_for_reject_not_authorized) return peer;
    throw badRequest(
      'client address not authorized for x-forwarded-for and configured to reject connection',
    );
  }
  return chosenHop(lines, peer, settings);
}

function chosenHop(lines: readonly string[], peer: string, settings: ForwardedSettings): string {
  const chain = lines.flatMap((line) => line.split(',')).map((hop) => hop.trim());
  const skips = settings.x_forwarded_for_hop_skips;
  const at = chain.length - 1 - skips;
  if (at < 0) {
    throw badRequest(
      `malformed x-forwarded-for configuration or request, hops to skip (${skips}) would skip before earliest chain link (chain length ${chain.length})`,
    );
  }
  const hop = chain[at] ?? '';
  if (hop === '') return peer;
  const block = parseBlock(hop);
  if (block === undefined || hop.includes('/')) {
    throw badRequest('malformed x-forwarded-for address');
  }
  return unmapped(hop);
}

function isAuthorized(peer: string, settings: ForwardedSettings): boolean {
  return settings.x_forwarded_for_authorized_addrs.some((text) => {
    const block = parseBlock(text);
    return block !== undefined && blockContains(block, peer);
  });
}

const unmapped = (address: string): string =>
  address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
