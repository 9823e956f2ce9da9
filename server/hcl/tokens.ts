// The pieces that HCL text is cut into.
import type { Position } from './position.ts';

export type TokenType =
  | 'EOF'
  | 'IDENT'
  | 'NUMBER'
  | 'FLOAT'
  | 'BOOL'
  | 'STRING'
  | 'HEREDOC'
  | 'LBRACK'
  | 'RBRACK'
  | 'LBRACE'
  | 'RBRACE'
  | 'COMMA'
  | 'PERIOD'
  | 'ASSIGN'
  | 'ADD'
  | 'SUB'
  | 'ILLEGAL';

export interface Token {
  readonly type: TokenType;
  /** As it stands in the source. */
  readonly text: string;
  /** What a literal means. */
  readonly value: string | number | boolean;
  readonly at: Position;
}

/** What was scanned, and where it ends in the source. */
export interface Scanned {
  readonly type: TokenType;
  readonly end: number;
  readonly value?: string | number | boolean;
}
