// Messages to bytes and back. What another server sends is bounded, and read strictly: a message or nothing.
import { CodecError, NUMBER_SIZE, Reader, textCapacity, Writer } from './bytes.ts';
import {
  entryCapacity,
  readSnapshotMeta,
  readEntryBody,
  writeSnapshotMeta,
  writeEntryBody,
  configurationCapacity,
} from './codec-entry.ts';
import { plus } from './numbers.ts';
import type { Entry, Index, Message, NodeId, Round, Term, Ticket } from './types.ts';

/** The first byte. A server that speaks another version is not understood, rather than misunderstood. */
const VERSION = 1;

/** A message has kinds' place in this list as its second byte: only ever add at the end. */
const KINDS = [
  'pre-vote',
  'vote',
  'pre-vote-reply',
  'vote-reply',
  'append',
  'append-reply',
  'install',
  'read',
  'read-reply',
  'time-out-now',
  'recover',
  'not-a-member',
] as const satisfies readonly Message['type'][];

/** More come in no message: a leader fills them by bytes, and the smallest entry is counted with 32. */
const MAX_ENTRIES = 2 ** 17;

/** Numbers and flags of the message with most of them, with room to spare. */
const FIXED_CAPACITY = 8 * NUMBER_SIZE;

type Body<Type extends Message['type']> = Omit<
  Extract<Message, { readonly type: Type }>,
  'from' | 'to' | 'term' | 'type'
>;

/** @throws CodecError when a part of it is larger than is taken */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer(capacityOf(message));
  writer.byte(VERSION);
  writer.byte(KINDS.indexOf(message.type));
  writer.text(message.from);
  writer.text(message.to);
  writer.number(message.term);
  writeBody(writer, message);
  return writer.finish();
}

/** `undefined` when it is no message. The data of entries share the memory of `bytes`. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const reader = new Reader(bytes);
  if (reader.byte() !== VERSION) return undefined;
  const type = KINDS[reader.byte()];
  const from = reader.text() as NodeId;
  const to = reader.text() as NodeId;
  const term = reader.number() as Term;
  if (type === undefined || reader.isFaulty) return undefined;
  const body = readBody(reader, type);
  // The reader of each type gives what that type has.
  return reader.isDone ? ({ from, to, term, type, ...body } as Message) : undefined;
}

function capacityOf(message: Message): number {
  const fixed = FIXED_CAPACITY + textCapacity(message.from) + textCapacity(message.to);
  if (message.type === 'install') {
    return fixed + configurationCapacity(message.snapshot.configuration);
  }
  if (message.type !== 'append') return fixed;
  return message.entries.reduce((sum, entry) => sum + entryCapacity(entry), fixed);
}

function writeBody(writer: Writer, message: Message): void {
  switch (message.type) {
    case 'pre-vote':
    case 'vote':
      return writeVote(writer, message);
    case 'pre-vote-reply':
    case 'vote-reply':
      return writeFlags(writer, message.isGranted);
    case 'append':
      return writeAppend(writer, message);
    case 'append-reply':
      return writeAppendReply(writer, message);
    case 'install':
      return writeSnapshotMeta(writer, message.snapshot);
    case 'read':
      return writer.number(message.ticket);
    case 'read-reply':
      return writeReadReply(writer, message);
    case 'time-out-now':
      return undefined;
    case 'recover':
      writer.number(message.index);
      return writer.number(message.entryTerm);
    case 'not-a-member':
      return writer.number(message.configurationIndex);
  }
}

function readBody(reader: Reader, type: Message['type']): object {
  switch (type) {
    case 'pre-vote':
    case 'vote':
      return readVote(reader);
    case 'pre-vote-reply':
    case 'vote-reply':
      return readGranted(reader);
    case 'append':
      return readAppend(reader);
    case 'append-reply':
      return readAppendReply(reader);
    case 'install':
      return { snapshot: readSnapshotMeta(reader) };
    case 'read':
      return { ticket: reader.number() as Ticket };
    case 'read-reply':
      return readReadReply(reader);
    case 'time-out-now':
      return {};
    case 'recover':
      return { index: reader.number() as Index, entryTerm: reader.number() as Term };
    case 'not-a-member':
      return { configurationIndex: reader.number() as Index };
  }
}

function writeVote(writer: Writer, body: Body<'pre-vote' | 'vote'>): void {
  writer.number(body.lastIndex);
  writer.number(body.lastTerm);
  writeFlags(writer, body.isTransfer);
}

function readVote(reader: Reader): Body<'pre-vote' | 'vote'> {
  const lastIndex = reader.number() as Index;
  const lastTerm = reader.number() as Term;
  const [isTransfer] = readFlags(reader, 1);
  return { lastIndex, lastTerm, isTransfer: isTransfer === true };
}

function readGranted(reader: Reader): Body<'pre-vote-reply' | 'vote-reply'> {
  const [isGranted] = readFlags(reader, 1);
  return { isGranted: isGranted === true };
}

/** The indexes of the entries follow from the place before them. */
function writeAppend(writer: Writer, body: Body<'append'>): void {
  if (body.entries.length > MAX_ENTRIES) throw new CodecError('too many entries in a message');
  writer.number(body.previousIndex);
  writer.number(body.previousTerm);
  writer.number(body.commit);
  writer.number(body.round);
  writer.number(body.entries.length);
  for (const entry of body.entries) writeEntryBody(writer, entry);
}

function readAppend(reader: Reader): Body<'append'> {
  const previousIndex = reader.number() as Index;
  const previousTerm = reader.number() as Term;
  const commit = reader.number() as Index;
  const round = reader.number() as Round;
  const count = reader.number();
  if (count > MAX_ENTRIES) reader.fail();
  const entries: Entry[] = [];
  for (let place = 1; place <= count && !reader.isFaulty; place += 1) {
    const entry = readEntryBody(reader, plus(previousIndex, place));
    if (entry !== undefined) entries.push(entry);
  }
  return { previousIndex, previousTerm, entries, commit, round };
}

function writeAppendReply(writer: Writer, body: Body<'append-reply'>): void {
  writer.number(body.round);
  writer.number(body.index);
  writer.number(body.hintTerm);
  writer.number(body.lastIndex);
  writeFlags(writer, body.isAccepted, body.needsSnapshot, body.isInstalling, body.isRecovering);
}

function readAppendReply(reader: Reader): Body<'append-reply'> {
  const round = reader.number() as Round;
  const index = reader.number() as Index;
  const hintTerm = reader.number() as Term;
  const lastIndex = reader.number() as Index;
  const [isAccepted, needsSnapshot, isInstalling, isRecovering] = readFlags(reader, 4);
  return {
    round,
    isAccepted: isAccepted === true,
    index,
    hintTerm,
    lastIndex,
    needsSnapshot: needsSnapshot === true,
    isInstalling: isInstalling === true,
    isRecovering: isRecovering === true,
  };
}

function writeReadReply(writer: Writer, body: Body<'read-reply'>): void {
  writer.number(body.ticket);
  writeFlags(writer, body.index !== undefined);
  if (body.index !== undefined) writer.number(body.index);
}

function readReadReply(reader: Reader): Body<'read-reply'> {
  const ticket = reader.number() as Ticket;
  const [hasIndex] = readFlags(reader, 1);
  return { ticket, index: hasIndex === true ? (reader.number() as Index) : undefined };
}

function writeFlags(writer: Writer, ...flags: readonly boolean[]): void {
  writer.byte(flags.reduce((bits, flag, place) => (flag ? bits | (1 << place) : bits), 0));
}

function readFlags(reader: Reader, count: number): readonly boolean[] {
  const bits = reader.byte();
  if (bits >= 1 << count) reader.fail();
  return Array.from({ length: count }, (_, place) => (bits & (1 << place)) !== 0);
}
