// One audit device that is enabled: its line in the table, how it writes entries, and where to.
import { randomUUID } from 'node:crypto';
import { formatTime, millis, type Clock, type Millis } from '#sdk/clock.ts';
import { badRequest } from '#sdk/errors.ts';
import { fileSink, parseFileOptions } from './devices/file.ts';
import { LineQueue } from './devices/queue.ts';
import { failingSink, type Sink } from './devices/sink.ts';
import { parseSocketOptions, socketSink } from './devices/socket.ts';
import { testEntry } from './entry.ts';
import { Formatter } from './formatter.ts';
import { parseFlag, parseStyle, type Style } from './options.ts';
import type { Part } from './part.ts';
import type { DeviceEntry } from './table.ts';

/** How long one write may take: the patience that Vault has with a socket. A healthy disk takes a thousandth. */
const WRITE_LIMIT = millis(2_000);

/** What the options of a device come to. */
interface Setup {
  readonly style: Style;
  readonly sink: Sink;
  readonly writeLimit: Millis;
}

export class AuditDevice {
  readonly entry: DeviceEntry;
  readonly #formatter: Formatter;
  readonly #sink: Sink;
  readonly #queue: LineQueue;
  readonly #clock: Clock;

  constructor(entry: DeviceEntry, { style, sink, writeLimit }: Setup, clock: Clock) {
    this.entry = entry;
    this.#formatter = new Formatter(entry.salt, style);
    this.#sink = sink;
    this.#queue = new LineQueue(sink, writeLimit, clock);
    this.#clock = clock;
  }

  write(entry: Part): Promise<void> {
    const line = this.#formatter.line(entry);
    if (typeof line === 'string') return this.#queue.write(line);
    return line.then((text) => this.#queue.write(text));
  }

  /** Writes the first line, to see whether the device takes any. Without the test it has to open at least. */
  async test(): Promise<void> {
    if (parseFlag(this.entry.options, 'skip_test', false)) await this.open();
    else await this.write(testEntry(randomUUID(), formatTime(this.#clock.now())));
  }

  /** Opens a file; a connection is made with the first line. */
  async open(): Promise<void> {
    if (this.entry.type === 'file') await this.#queue.write('');
  }

  hash(text: string): string {
    return this.#formatter.hash(text);
  }

  reopen(): Promise<void> {
    return this.#sink.reopen();
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}

/** @throws ClientError 400 when an option does not hold */
export function setUp({ type, options }: DeviceEntry, allowsPrefix: boolean): Setup {
  const style = parseStyle(options, allowsPrefix);
  switch (type) {
    case 'file':
      return { style, sink: fileSink(parseFileOptions(options)), writeLimit: WRITE_LIMIT };
    case 'socket': {
      const parsed = parseSocketOptions(options);
      return { style, sink: socketSink(parsed), writeLimit: parsed.writeTimeout };
    }
    case 'syslog':
      throw badRequest('syslog audit devices are not supported: use a file or a socket');
    default:
      throw badRequest(`unknown backend type: ${JSON.stringify(type)}`);
  }
}

/** A device of the table that this node cannot have: it takes no line, and says why. */
export function setUpFailing(reason: unknown): Setup {
  const style = parseStyle({}, false);
  return { style, sink: failingSink(reason), writeLimit: WRITE_LIMIT };
}
