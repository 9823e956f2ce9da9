// The shapes in which a network falls apart: which paths are cut.
import type { NodeId } from '#raft/types.ts';
import type { Dice } from './dice.ts';
import type { Path } from './network.ts';

export interface Partition {
  readonly shape: string;
  readonly paths: readonly Path[];
}

type Shape = (nodes: readonly NodeId[], leader: NodeId, chance: Dice) => readonly Path[];

const SHAPES: Readonly<Record<string, Shape>> = {
  'two halves': (nodes, _leader, chance) => {
    const [one, other] = halves(nodes, chance);
    return both(one, other);
  },
  'one half hears the other': (nodes, _leader, chance) => {
    const [one, other] = halves(nodes, chance);
    return between(one, other);
  },
  'one node alone': (nodes, _leader, chance) => {
    const alone = chance.pick(nodes);
    return both([alone], without(nodes, alone));
  },
  'the leader alone': (nodes, leader) => both([leader], without(nodes, leader)),
  'the leader hears nobody': (nodes, leader) => between(without(nodes, leader), [leader]),
  'nobody hears the leader': (nodes, leader) => between([leader], without(nodes, leader)),
  'the leader and one other': (nodes, leader, chance) => {
    const others = chance.shuffled(without(nodes, leader));
    return both([leader, ...others.slice(0, 1)], others.slice(1));
  },
  'a bridge': (nodes, _leader, chance) => {
    const [bridge, ...rest] = chance.shuffled(nodes);
    const half = Math.ceil(rest.length / 2);
    return bridge === undefined ? [] : both(rest.slice(0, half), rest.slice(half));
  },
  'a ring': (nodes, _leader, chance) => {
    const ring = chance.shuffled(nodes);
    return between(ring, ring).filter(([from, to]) => {
      const apart = Math.abs(ring.indexOf(from) - ring.indexOf(to));
      return apart > 1 && apart < ring.length - 1;
    });
  },
  'one path': (nodes, _leader, chance) => {
    const [from, to] = chance.shuffled(nodes);
    return from === undefined || to === undefined ? [] : [[from, to]];
  },
};

export const SHAPE_NAMES: readonly string[] = Object.keys(SHAPES);

/** `leader` is any node when there is none. */
export function partition(
  shape: string,
  nodes: readonly NodeId[],
  leader: NodeId,
  chance: Dice,
): Partition {
  return { shape, paths: SHAPES[shape]?.(nodes, leader, chance) ?? [] };
}

function halves(nodes: readonly NodeId[], chance: Dice): readonly [NodeId[], NodeId[]] {
  const mixed = chance.shuffled(nodes);
  const cut = 1 + chance.below(Math.max(1, nodes.length - 1));
  return [mixed.slice(0, cut), mixed.slice(cut)];
}

function between(from: readonly NodeId[], to: readonly NodeId[]): Path[] {
  return from.flatMap((one) =>
    to.filter((other) => other !== one).map((other): Path => [one, other]),
  );
}

function both(one: readonly NodeId[], other: readonly NodeId[]): readonly Path[] {
  return [...between(one, other), ...between(other, one)];
}

function without(nodes: readonly NodeId[], node: NodeId): readonly NodeId[] {
  return nodes.filter((other) => other !== node);
}
