import { type Environment, Interpreter } from '@huggingface/jinja';
import {
  cut,
  cuttable,
  isMarked,
  type Marked,
  marked,
  readMarks,
  replaced,
  unmarked,
  writeMarks,
} from './marks.ts';

export type Value = ReturnType<Interpreter['evaluate']>;
export type Statement = NonNullable<Parameters<Interpreter['evaluate']>[0]>;

/** What is looked at of a node of the library's syntax tree; which fields there are depends on its type. */
export interface Node extends Statement {
  readonly operator: { readonly value: string };
  readonly left: Node;
  readonly right: Node;
  readonly operand: Node;
  readonly filter: Node;
  readonly callee: Node;
  readonly object: Node;
  readonly property: Node;
  readonly computed: boolean;
  readonly iterable: Node;
  readonly lhs: Node;
  readonly args: readonly Node[];
  readonly body: readonly Node[];
  readonly value: unknown;
}

/** A function of the library's: a method bound to its object, a macro, a global. */
export interface Method {
  type: string;
  value(args: Value[], scope: Environment): Value;
}

export const READY = 'Ready';
/** A node that has been evaluated. */
export const ready = (value: Value) => ({ type: READY, value }) as unknown as Node;

/** Operators that hand their operands on, marks included. */
const JOINING = ['+', '~', 'and', 'or'];
/** Filters that hand a text on. */
const PASSING = ['safe', 'string', 'default'];
/** Filters that look at what the elements of an array say, and hand them on. */
const CHOOSING = ['selectattr', 'rejectattr', 'sort', 'unique'];
/** Filters that write an array or mapping out. */
const WRITING = ['tojson', 'string'];

/**
 * Runs a template over messages whose text is marked (marks.ts), so that the prompt says which of it people wrote,
 * whatever the template does with it. The template sees the text without marks.
 */
export class MarkingInterpreter extends Interpreter {
  override evaluate(statement: Statement | undefined, environment: Environment): Value {
    const node = statement as Node | undefined;
    switch (node?.type) {
      case READY:
        return node.value as Value;
      case 'BinaryExpression':
        return super.evaluate(this.#compared(node, environment), environment);
      case 'TestExpression': {
        const operand = this.#plain(node.operand, environment);
        return super.evaluate({ ...node, operand } as Node, environment);
      }
      case 'FilterExpression':
        return this.#filtered(node, environment);
      case 'MemberExpression':
        return this.#member(node, environment);
      default:
        return super.evaluate(statement, environment);
    }
  }

  #plain(node: Node, environment: Environment): Node {
    return ready(plainValue(this.evaluate(node, environment)));
  }

  #compared(node: Node, environment: Environment): Node {
    if (JOINING.includes(node.operator.value)) return node;
    const left = this.#plain(node.left, environment);
    return { ...node, left, right: this.#plain(node.right, environment) };
  }

  #filtered(node: Node, environment: Environment): Value {
    const operand = this.evaluate(node.operand, environment);
    const { filter } = node;
    const name = String((filter.type === 'CallExpression' ? filter.callee : filter).value);
    const run = (value: Value) =>
      super.evaluate({ ...node, operand: ready(value) } as Node, environment);
    if (isText(operand)) {
      if (name === 'replace') return this.#replaced(operand, filter, environment);
      return PASSING.includes(name) ? run(operand) : carry(operand, name, run(plainValue(operand)));
    }
    const looks = CHOOSING.includes(name);
    if (!looks && !WRITING.includes(name)) return run(operand);
    const plain = plainValue(operand);
    if (plain === operand) return run(operand);
    return looks ? restored(operand, plain, run(plain)) : written(run(plain));
  }

  /** The filter as the method of the same name. */
  #replaced(operand: Value, { args }: Node, environment: Environment): Value {
    const property = { type: 'Identifier', value: 'replace' };
    const callee = { type: 'MemberExpression', object: ready(operand), property, computed: false };
    return super.evaluate({ type: 'CallExpression', callee, args } as unknown as Node, environment);
  }

  #member(node: Node, environment: Environment): Value {
    const { computed, property } = node;
    const object = this.evaluate(node.object, environment);
    if (property.type === 'SliceExpression') return this.#slice(node, object, environment);
    const found = computed ? this.#plain(property, environment) : property;
    const plain = isText(object) ? plainValue(object) : object;
    const inner = { ...node, object: ready(plain), property: found };
    const result = super.evaluate(inner, environment);
    const name = computed ? (found.value as Value).value : property.value;
    if (result.type === 'FunctionValue') return method(object, String(name), result);
    if (plain === object || typeof name !== 'number') return result;
    const source = readMarks(object.value as string);
    const at = name < 0 ? source.text.length + name : name;
    return isText(result) ? like(result, cut(source, at, at + 1)) : result;
  }

  /** A slice of a text is one of its characters, each with its mark. */
  #slice(node: Node, object: Value, environment: Environment): Value {
    const run = (value: Value) =>
      super.evaluate({ ...node, object: ready(value) } as Node, environment);
    const plain = isText(object) ? plainValue(object) : object;
    if (plain === object) return run(object);
    let inside = false;
    const characters: Value[] = [];
    for (const character of object.value as string) {
      if (unmarked(character) === '') inside = isMarked(character);
      else characters.push(like(object, inside ? marked(character) : character));
    }
    const empty = super.evaluate(
      { type: 'ArrayLiteral', value: [] } as unknown as Node,
      environment,
    );
    const chosen = run(like(empty, characters)).value as Value[];
    return like(object, writeMarks(readMarks(chosen.map(({ value }) => value).join(''))));
  }
}

/** A method that sees its arguments without marks and carries those of its object, and theirs. */
function method(object: Value, name: string, bound: Value): Value {
  const { value: run } = bound as unknown as Method;
  const value = (args: Value[], scope: Environment): Value => {
    // `get` hands its second argument on.
    if (name === 'get') return run([plainValue(args[0]!), ...args.slice(1)], scope);
    const plain = args.map(plainValue);
    const result = run(plain, scope);
    if (isText(object) && name === 'replace') return replacedBy(object, args, result);
    const given = plain.some((argument, i) => argument !== args[i]);
    return given ? written(result) : carry(object, name, result, plain);
  };
  return Object.assign(Object.create(Object.getPrototypeOf(bound)), bound, { value });
}

function isText({ value }: Value): boolean {
  return typeof value === 'string';
}

/** What `replace` made, with its marks; the library has checked the arguments. */
function replacedBy(object: Value, [old, by, limit]: Value[], result: Value): Value {
  const texts = [object, by!].map(({ value }) => value as string);
  if (!texts.some(isMarked)) return result;
  const source = readMarks(texts[0]!);
  const from = plainValue(old!).value as string;
  const pieces = from === '' ? Number.POSITIVE_INFINITY : source.text.split(from).length;
  if (!cuttable(source, pieces)) return written(result);
  const count = limit?.value instanceof Map ? limit.value.get('count')?.value : limit?.value;
  const text = replaced(source, from, texts[1]!, typeof count === 'number' ? count : -1);
  return unmarked(text) === result.value ? like(result, text) : written(result);
}

const CASES = ['upper', 'lower', 'title', 'capitalize'];
const TRIMS = ['trim', 'strip', 'lstrip', 'rstrip'];

/** What a filter or method made of a text, with the marks of the text: all of it written where that is not known. */
function carry(object: Value, name: string, result: Value, args: readonly Value[] = []): Value {
  if (!isText(object) || !isMarked(object.value as string)) return result;
  const source = readMarks(object.value as string);
  if (name === 'split' && Array.isArray(result.value)) return split(source, result, args[0]);
  if (!isText(result)) return written(result);
  const text = result.value as string;
  if (CASES.includes(name) && text.length === source.text.length) {
    return like(result, writeMarks({ ...source, text }));
  }
  // The first character that stays is none of those that go, so it begins where the text is first found.
  const at = TRIMS.includes(name) ? source.text.indexOf(text) : -1;
  return at < 0 ? written(result) : like(result, cut(source, at, at + text.length));
}

function split(source: Marked, result: Value, separator: Value | undefined): Value {
  const pieces = result.value as Value[];
  if (!cuttable(source, pieces.length)) return written(result);
  const gap = typeof separator?.value === 'string' ? separator.value.length : 0;
  let end = -gap;
  const found = pieces.map((piece) => {
    const { length } = piece.value as string;
    // Without a separator the pieces have white space between them.
    const at = gap > 0 ? end + gap : source.text.indexOf(piece.value as string, end);
    end = at + length;
    return like(piece, cut(source, at, end));
  });
  return like(result, found);
}

/** Another value of the same type. */
function like(value: Value, inner: unknown): Value {
  return new (value.constructor as new (inner: unknown) => Value)(inner);
}

/** A text, or one of each element, all of which counts as written. */
function written(result: Value): Value {
  if (isText(result)) return like(result, marked(result.value as string));
  return Array.isArray(result.value) ? like(result, result.value.map(written)) : result;
}

/** Arrays and mappings without their marks; none of them changes. */
const PLAIN = new WeakMap<object, Value>();

/** A value without marks, in its elements neither; itself where there are none. */
function plainValue(value: Value): Value {
  const inner: unknown = value.value;
  if (typeof inner === 'string') return isMarked(inner) ? like(value, unmarked(inner)) : value;
  const collection = Array.isArray(inner) || inner instanceof Map;
  if (!collection || value.type === 'NamespaceValue') return value;
  const known = PLAIN.get(value) ?? plainElements(value, inner);
  PLAIN.set(value, known);
  return known;
}

function plainElements(value: Value, inner: unknown[] | Map<string, Value>): Value {
  const entries = [...inner.entries()] as [string | number, Value][];
  const plain = entries.map(([key, element]) => [key, plainValue(element)] as const);
  if (plain.every(([, element], i) => element === entries[i]![1])) return value;
  return like(value, inner instanceof Map ? new Map(plain) : plain.map(([, element]) => element));
}

/** Elements that a filter chose of an array without marks, as they are in the array that has them. */
function restored(array: Value, plain: Value, result: Value): Value {
  const originals = array.value as Value[];
  const of = new Map((plain.value as Value[]).map((element, i) => [element, originals[i]!]));
  return like(
    result,
    (result.value as Value[]).map((element) => of.get(element) ?? written(element)),
  );
}
