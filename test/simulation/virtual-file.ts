// One file of a virtual disk: what a process reads of it, what is durable, and the versions of its sectors and of its size
// in between, of which a crash keeps any.
import type { Chance } from './disk.ts';

const SECTOR = 512;

/** What one write left to be made durable. */
export type Pending =
  | { readonly type: 'sector'; readonly at: number; readonly bytes: Buffer }
  | { readonly type: 'size'; readonly size: number };

export class VirtualFile {
  /** Room for more than `#size`; zero behind it. */
  #bytes: Buffer = Buffer.alloc(0);
  #size = 0;
  #durable: Buffer = Buffer.alloc(0);
  #durableSize = 0;
  /** In the order in which they were written. */
  #versions = new Map<number, Buffer[]>();
  #sizes: Pending[] = [];

  get size(): number {
    return this.#size;
  }

  read(offset: number, length: number): Buffer {
    const end = Math.min(this.#size, offset + length);
    return Buffer.from(this.#bytes.subarray(Math.min(offset, end), end));
  }

  write(offset: number, bytes: Uint8Array): readonly Pending[] {
    if (bytes.length === 0) return [];
    const end = offset + bytes.length;
    this.#bytes = withRoom(this.#bytes, end);
    this.#bytes.set(bytes, offset);
    const pending: Pending[] = [];
    for (let at = Math.floor(offset / SECTOR); at * SECTOR < end; at++) {
      pending.push(this.#version(at));
    }
    if (end > this.#size) pending.push(this.#resize(end));
    return pending;
  }

  /** As a write that fails midway: any of its sectors. */
  writeSome(offset: number, bytes: Uint8Array, chance: Chance): readonly Pending[] {
    const pending: Pending[] = [];
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + SECTOR - ((offset + from) % SECTOR));
      const isWritten = chance.below(2) === 0;
      if (isWritten) pending.push(...this.write(offset + from, bytes.subarray(from, to)));
      from = to;
    }
    return pending;
  }

  truncate(size: number): void {
    this.#bytes = withRoom(this.#bytes, size);
    this.#bytes.fill(0, size);
    this.#resize(size);
    this.#version(Math.floor(size / SECTOR));
  }

  /** Everything that was written and is not durable. */
  pending(): readonly Pending[] {
    const sectors = [...this.#versions].flatMap(([at, versions]) =>
      versions.map((bytes): Pending => ({ type: 'sector', at, bytes })),
    );
    return [...sectors, ...this.#sizes];
  }

  /** It is durable now, and what was written before to the same places is history. */
  settle(pending: readonly Pending[]): void {
    for (const one of pending) {
      if (one.type === 'size') {
        const at = this.#sizes.indexOf(one);
        if (at === -1) continue; // a later one is durable
        this.#sizes.splice(0, at + 1);
        this.#durableSize = one.size;
      } else if (this.#dropThrough(one.at, one.bytes)) {
        this.#durable = withRoom(this.#durable, (one.at + 1) * SECTOR);
        this.#durable.set(one.bytes, one.at * SECTOR);
      }
    }
  }

  /** A sync failed: some of it is durable, and the rest counts as written although it is not. */
  forget(pending: readonly Pending[], chance: Chance): void {
    for (const one of pending) {
      if (chance.below(2) === 0) this.settle([one]);
      else if (one.type === 'sector') this.#dropThrough(one.at, one.bytes);
      else this.#sizes = this.#sizes.filter((size) => size !== one);
    }
  }

  crash(chance: Chance): void {
    for (const [at, versions] of this.#versions) {
      const kept = versions[chance.below(versions.length + 1)];
      if (kept === undefined) continue;
      this.#durable = withRoom(this.#durable, (at + 1) * SECTOR);
      this.#durable.set(kept, at * SECTOR);
    }
    const size = this.#sizes[chance.below(this.#sizes.length + 1)];
    if (size?.type === 'size') this.#durableSize = size.size;
    this.#durable = withRoom(this.#durable, this.#durableSize);
    this.#durable.fill(0, this.#durableSize);
    this.#bytes = Buffer.from(this.#durable);
    this.#size = this.#durableSize;
    this.#versions.clear();
    this.#sizes = [];
  }

  rot(offset: number, mask: number): void {
    if (offset >= this.#size) throw new RangeError(`the file ends at ${this.#size}`);
    this.#bytes.writeUInt8(this.#bytes.readUInt8(offset) ^ mask, offset);
    if (offset < this.#durable.length) {
      this.#durable.writeUInt8(this.#durable.readUInt8(offset) ^ mask, offset);
    }
  }

  lose(size: number): void {
    this.#size = Math.min(this.#size, size);
    this.#durableSize = Math.min(this.#durableSize, size);
    this.#bytes.fill(0, this.#size);
    this.#durable.fill(0, Math.min(this.#durableSize, this.#durable.length));
  }

  copy(): VirtualFile {
    const copy = new VirtualFile();
    copy.#bytes = Buffer.from(this.#bytes);
    copy.#size = this.#size;
    copy.#durable = Buffer.from(this.#durable);
    copy.#durableSize = this.#durableSize;
    copy.#versions = new Map([...this.#versions].map(([at, versions]) => [at, [...versions]]));
    copy.#sizes = [...this.#sizes];
    return copy;
  }

  #version(at: number): Pending {
    const bytes = Buffer.alloc(SECTOR);
    this.#bytes.copy(bytes, 0, at * SECTOR, (at + 1) * SECTOR);
    this.#versions.set(at, [...(this.#versions.get(at) ?? []), bytes]);
    return { type: 'sector', at, bytes };
  }

  #resize(size: number): Pending {
    const resized: Pending = { type: 'size', size };
    this.#size = size;
    this.#sizes.push(resized);
    return resized;
  }

  #dropThrough(at: number, bytes: Buffer): boolean {
    const versions = this.#versions.get(at) ?? [];
    const found = versions.indexOf(bytes);
    if (found === -1) return false; // a later one is durable
    if (found === versions.length - 1) this.#versions.delete(at);
    else this.#versions.set(at, versions.slice(found + 1));
    return true;
  }
}

function withRoom(bytes: Buffer, size: number): Buffer {
  if (size <= bytes.length) return bytes;
  const larger = Buffer.alloc(Math.max(size, bytes.length * 2, SECTOR));
  bytes.copy(larger);
  return larger;
}
