// Reads one `listener` stanza.
import { HclError, type Position } from '../hcl/position.ts';
import { plain, type Block } from '../hcl/read.ts';
import { checkListener, warnWithoutForwarding } from './listener-checks.ts';
import { LIMITS, LISTENER, type GivenListener, type Listener } from './listener.ts';
import { initialOf, readStanza, type Context } from './setting.ts';

const DEFAULT_TCP_ADDRESS = '127.0.0.1:8200';

/** Reads and checks one stanza; what contradicts itself is an error now, not a surprise later. */
export function readListener({ labels, body, at }: Block, context: Context): Listener {
  const given = readStanza(LISTENER, body, context);
  const type = listenerType(given.type ?? labels[0] ?? '', at);
  const settings = { ...initialOf(LISTENER), ...given, ...zeroMeansDefault(given) };
  const listener: Listener = { ...settings, type, raw: plain(body) };
  checkListener(listener, at);
  warnWithoutForwarding(listener, body, context);
  if (listener.address !== '') return listener;
  if (type === 'unix') throw new HclError("'address' must be set", at);
  return { ...listener, address: DEFAULT_TCP_ADDRESS };
}

function listenerType(name: string, at: Position): Listener['type'] {
  const type = name.toLowerCase();
  if (type === '') throw new HclError('listener type must be specified', at);
  if (type === 'tcp' || type === 'unix') return type;
  throw new HclError(`unsupported listener type ${JSON.stringify(type)}`, at);
}

/** Zero is how Vault writes "as usual", but for the one time-out that is off as usual. */
function zeroMeansDefault(given: GivenListener): GivenListener {
  const settings: Readonly<Record<string, unknown>> = given;
  const zero = Object.entries(LIMITS).filter(([name]) => settings[name] === 0);
  return Object.fromEntries(zero.map(([name, { initial }]) => [name, initial]));
}
