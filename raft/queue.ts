// First in, first out. Taking the first costs the same however long the queue is; Array.shift does not promise that.

export interface Queue<Item> {
  items: Item[];
  /** How many of `items` have been taken. */
  head: number;
}

/** What was taken is thrown away when it is this much and more than half. */
const COMPACT_FROM = 64;

export function newQueue<Item>(): Queue<Item> {
  return { items: [], head: 0 };
}

export function size(queue: Queue<unknown>): number {
  return queue.items.length - queue.head;
}

export function peek<Item>(queue: Queue<Item>): Item | undefined {
  return queue.items[queue.head];
}

export function take<Item>(queue: Queue<Item>): Item | undefined {
  const first = queue.items[queue.head];
  if (first === undefined) return undefined;
  queue.head += 1;
  if (queue.head === queue.items.length) {
    queue.items = [];
    queue.head = 0;
  } else if (queue.head >= COMPACT_FROM && queue.head * 2 > queue.items.length) {
    queue.items.splice(0, queue.head);
    queue.head = 0;
  }
  return first;
}

/** Takes all. */
export function drain<Item>(queue: Queue<Item>): Item[] {
  const rest = queue.items.slice(queue.head);
  queue.items = [];
  queue.head = 0;
  return rest;
}
