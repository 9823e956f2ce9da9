// Addresses in the configuration file: lists of networks, and the templates that name an interface's address.
import { isIP, isIPv4 } from 'node:net';
import { HclError } from '../hcl/position.ts';
import type { Value } from '../hcl/values.ts';
import { readText, readTexts, type Networks, type Setting } from './setting.ts';

const TEMPLATE = /^([^{]*)\{\{\s*(\w+)(?:\s+"([^"]*)")?\s*\}\}([^{]*)$/;
const LOOPBACK = /^(127\.|::1$)/;
const LINK_LOCAL = /^(169\.254\.|fe[89ab])/i;
const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/i;

/** Addresses and networks, like `10.0.0.0/8`; a single address stands for itself. */
export const networkList = (): Setting<readonly string[]> => ({
  initial: [],
  read: (value) => readTexts(value).map((network) => checkedNetwork(network, value)),
});

/** An address, in which `{{ GetPrivateIP }}` and the like stand for what the machine has. */
export const address = (): Setting<string> => ({
  initial: '',
  read: (value, { networks }) => rendered(readText(value), networks, value),
});

function checkedNetwork(network: string, { at }: Value): string {
  const [ip = '', length, more] = network.split('/');
  const family = isIP(ip);
  const isLengthRight =
    length === undefined ||
    (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
  if (family !== 0 && isLengthRight && more === undefined) return network;
  throw new HclError(`Unable to convert ${JSON.stringify(network)} to an address or network`, at);
}

function rendered(text: string, networks: Networks, { at }: Value): string {
  if (!text.includes('{{')) return text;
  const [, before = '', name, argument, after = ''] = TEMPLATE.exec(text) ?? [];
  const candidates = addressesFor(name, argument, networks);
  if (candidates === undefined) {
    const known = 'GetPrivateIP, GetPublicIP and GetInterfaceIP "NAME" are understood';
    throw new HclError(`unable to parse address template ${JSON.stringify(text)}: ${known}`, at);
  }
  const [found] = candidates;
  if (found === undefined) throw new HclError('no addresses found, please configure one', at);
  return before + (isIPv4(found) || before === '' ? found : `[${found}]`) + after;
}

function addressesFor(
  name: string | undefined,
  argument: string | undefined,
  networks: Networks,
): readonly string[] | undefined {
  const all = Object.values(networks)
    .flat()
    .filter((ip) => !LOOPBACK.test(ip) && !LINK_LOCAL.test(ip));
  if (argument !== undefined) {
    return name === 'GetInterfaceIP' ? ipv4First(networks[argument] ?? []) : undefined;
  }
  if (name === 'GetPrivateIP') return ipv4First(all.filter((ip) => PRIVATE.test(ip)));
  return name === 'GetPublicIP' ? ipv4First(all.filter((ip) => !PRIVATE.test(ip))) : undefined;
}

const ipv4First = (addresses: readonly string[]): readonly string[] =>
  addresses.toSorted((one, other) => Number(isIPv4(other)) - Number(isIPv4(one)));
