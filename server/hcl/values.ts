// What HCL and its JSON form are read into: the same tree for both, with positions.
import type { Position } from './position.ts';

export interface Body {
  readonly type: 'body';
  readonly entries: readonly Entry[];
  readonly at: Position;
  /** In JSON, labels of blocks are keys of nested objects. */
  readonly notation: 'hcl' | 'json';
}

/** `name = value`, or a block `name "label" { ... }` with its labels as further keys. */
export interface Entry {
  readonly keys: readonly Key[];
  readonly value: Value;
}

export interface Key {
  readonly text: string;
  readonly at: Position;
}

export type Literal =
  | { readonly type: 'text'; readonly value: string; readonly at: Position }
  | { readonly type: 'boolean'; readonly value: boolean; readonly at: Position }
  | {
      readonly type: 'number';
      readonly value: number;
      /** Digits as written: whole numbers may be larger than what is counted exactly. */
      readonly text: string;
      readonly at: Position;
    };

export interface List {
  readonly type: 'list';
  readonly items: readonly Value[];
  readonly at: Position;
}

export type Value = Literal | List | Body;
