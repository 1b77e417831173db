// Writes a part of a CEL expression as an expression of its own. The `serialize` of cel-js drops
// parentheses that matter (`1 - (2 - 3)`) and digits of numbers. Here every operation keeps its
// parentheses, and every literal stays as it was written.

import type { ASTNode } from '@marcbachmann/cel-js';

/**
 * The text of a node.
 *
 * @param source the text that the node was parsed from
 */
export function celText(node: ASTNode, source: string): string {
  const text = (part: ASTNode): string => celText(part, source);
  const list = (parts: readonly ASTNode[]): string => parts.map(text).join(', ');
  switch (node.op) {
    case 'value':
      return source.slice(node.range.start, node.range.end);
    case 'id':
      return node.args;
    // The smallest integer is a literal only together with its sign.
    case '-_':
      return node.args.op === 'value' ? `(-${text(node.args)})` : `(-(${text(node.args)}))`;
    case '!_':
      return `(!(${text(node.args)}))`;
    case '?:':
      return `(${text(node.args[0])} ? ${text(node.args[1])} : ${text(node.args[2])})`;
    case '.':
    case '.?':
      return `(${text(node.args[0])})${node.op}${String(node.args[1])}`;
    case '[]':
      return `(${text(node.args[0])})[${text(node.args[1])}]`;
    case '[?]':
      return `(${text(node.args[0])})[?${text(node.args[1])}]`;
    case 'call':
      return `${node.args[0]}(${list(node.args[1])})`;
    case 'rcall':
      return `(${text(node.args[1])}).${node.args[0]}(${list(node.args[2])})`;
    case 'list':
      return `[${list(node.args)}]`;
    case 'map':
      return `{${node.args.map(([key, value]) => `${text(key)}: ${text(value)}`).join(', ')}}`;
    default:
      return `(${text(node.args[0])} ${node.op} ${text(node.args[1])})`;
  }
}
