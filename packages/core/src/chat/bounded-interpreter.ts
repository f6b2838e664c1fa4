import type { Environment } from '@huggingface/jinja';
import {
  MarkingInterpreter,
  type Method,
  type Node,
  READY,
  ready,
  type Statement,
  type Value,
} from './marking-interpreter.ts';

// Work is counted in units of about ten nanoseconds, so that a template ends within a second on any machine; a
// conversation of a million characters takes half of it.
const MAX_WORK = 2 ** 25;
const STEP = 256;
/** Of a round of a loop, which has a scope of its own. */
const ROUND = 4 * STEP;
/** Of an element that is made: an object on the heap. */
const ELEMENT = 128;
/** Comparisons of an element that is sorted. */
const SORTED = 16;
/** Of an element that is met when a value is measured. */
const MET = 16;
/** Of a character that is sliced. */
const SLICED = 8;
/** Character comparisons of a search in one unit. */
const SEARCHED = 8;
/**
 * Nodes inside one another, those of macros that call each other too: far under what any stack holds, as V8 goes through
 * the whole stack with every collection, 0.7 s for a recursion of 4 MB.
 */
const MAX_DEPTH = 512;
/** Characters and elements of one value, each counted as often as it would be written out. */
const MAX_SIZE = 2 ** 22;
/** Most work of one filter or method, which nothing can stop on its way. */
const MAX_CALL = 2 ** 24;

/** Nodes whose values are often new arrays. */
const MAKERS = ['CallExpression', 'FilterExpression'];

/** A template took or made more than the bounds allow. */
export class Overrun extends Error {}

/** Runs a template, and throws a plain error before it takes more time or memory than the bounds above. */
export class BoundedInterpreter extends MarkingInterpreter {
  readonly #templateLength: number;
  /** Sizes of arrays and mappings that do not change. */
  readonly #sizes = new WeakMap<object, number>();
  /** Nodes that loops go over. */
  readonly #iterables = new WeakSet<object>();
  /** Methods that spend what they do. */
  readonly #guarded = new WeakSet<object>();
  #work = 0;
  #depth = 0;

  constructor(environment: Environment, templateLength: number) {
    super(environment);
    this.#templateLength = templateLength;
  }

  override evaluate(statement: Statement | undefined, environment: Environment): Value {
    if (statement?.type === READY) return super.evaluate(statement, environment);
    this.#spend(STEP);
    if (!statement) return super.evaluate(statement, environment);
    if (this.#depth >= MAX_DEPTH) throw new Error(`it nests deeper than ${MAX_DEPTH} steps`);
    this.#depth++;
    try {
      return this.#bounded(statement, environment);
    } finally {
      this.#depth--;
    }
  }

  #bounded(statement: Statement, environment: Environment): Value {
    const node = this.#prepared(statement as Node, environment);
    const result = super.evaluate(node, environment);
    if (node.type === 'MemberExpression') this.#guardMethod(node, result);
    const size = this.#sizeOf(result);
    if (size > MAX_SIZE) throw new Overrun(`a value grows past ${MAX_SIZE} elements`);
    if (typeof result.value === 'string') this.#spend(size);
    if (this.#iterables.has(statement)) this.#spend(ROUND * lengthOf(result));
    else if (MAKERS.includes(node.type)) this.#spend(ELEMENT * lengthOf(result));
    return result;
  }

  #spend(units: number): void {
    this.#work += units;
    if (!(this.#work <= MAX_WORK)) throw new Overrun('it takes more steps than any chat needs');
  }

  /** Spends a step that nothing can stop, before it is done. */
  #spendAtOnce(units: number): void {
    if (!(units <= MAX_CALL)) throw new Overrun('one step of it takes too long or makes too much');
    this.#spend(units);
  }

  /**
   * The node, with operands evaluated where its step can take them to something far larger, or far slower, than they
   * are: that is spent first.
   */
  #prepared(node: Node, environment: Environment): Node {
    switch (node.type) {
      case 'For':
        this.#iterables.add(
          node.iterable.type === 'SelectExpression' ? node.iterable.lhs : node.iterable,
        );
        return node;
      // Both search their body for names.
      case 'Macro':
      case 'CallStatement':
        this.#spend(STEP + 4 * this.#templateLength);
        return node;
      case 'BinaryExpression':
        return /\bin$/.test(node.operator.value) ? this.#preparedSearch(node, environment) : node;
      case 'FilterExpression':
        return this.#preparedFilter(this.evaluate(node.operand, environment), node, environment);
      case 'FilterStatement': {
        const block = { type: 'Program', body: node.body } as unknown as Statement;
        return this.#preparedFilter(this.evaluate(block, environment), node, environment);
      }
      case 'MemberExpression':
        return this.#preparedMember(node, environment);
      default:
        return node;
    }
  }

  #preparedSearch(node: Node, environment: Environment): Node {
    const left = this.evaluate(node.left, environment);
    const right = this.evaluate(node.right, environment);
    this.#spendSearch(this.#sizeOf(right), textOf(left).length);
    return { ...node, left: ready(left), right: ready(right) };
  }

  #preparedFilter(operand: Value, { filter }: Node, environment: Environment): Node {
    const called = filter.type === 'CallExpression';
    const { values, args } = this.#preparedArguments(called ? filter.args : [], environment);
    this.#spendCall(String(called ? filter.callee.value : filter.value), operand, values);
    const prepared = called ? { ...filter, args } : filter;
    const node: Partial<Node> = { type: 'FilterExpression', operand: ready(operand) };
    return { ...node, filter: prepared } as Node;
  }

  #preparedMember(node: Node, environment: Environment): Node {
    const object = this.evaluate(node.object, environment);
    const { property, computed } = node;
    const slice = property.type === 'SliceExpression';
    // A slice of a text goes over all its characters.
    if (slice) this.#spendAtOnce(SLICED * this.#sizeOf(object));
    const found = slice || !computed ? property : ready(this.evaluate(property, environment));
    return { ...node, object: ready(object), property: found };
  }

  /** Makes a method spend what it does, by whatever name and from wherever it is called later. */
  #guardMethod({ object, property, computed }: Node, method: Value): void {
    if (method.type !== 'FunctionValue' || this.#guarded.has(method)) return;
    this.#guarded.add(method);
    const target = object.value as Value;
    const name = String(computed ? (property.value as Value).value : property.value);
    const { value: run } = method as Method;
    (method as Method).value = (args, scope) => {
      this.#spendCall(name, target, args.flatMap(argumentsOf));
      return run(args, scope);
    };
  }

  #preparedArguments(nodes: readonly Node[], environment: Environment) {
    const values: Value[] = [];
    const args = nodes.map((node): Node => {
      if (/Spread/.test(node.type)) return node;
      const named = node.type === 'KeywordArgumentExpression';
      const value = this.evaluate(named ? (node.value as Node) : node, environment);
      values.push(value);
      // Some filters look at the node of a string, not at its value.
      if (node.type === 'StringLiteral') return node;
      return named ? { ...node, value: ready(value) } : ready(value);
    });
    return { values, args };
  }

  /** Spends what a filter or method does with its operand beyond one step. */
  #spendCall(name: string, operand: Value, args: readonly Value[]): void {
    const size = args.reduce(
      (sum, argument) => sum + this.#sizeOf(argument),
      this.#sizeOf(operand),
    );
    const cost = COSTS.get(name);
    if (!cost) {
      this.#spend(size);
      return;
    }
    const texts = args.filter(({ value }) => typeof value === 'string').map(textOf);
    const numbers = args.map(({ value }) => (typeof value === 'number' ? value : 0));
    const call: Call = {
      size,
      text: textOf(operand),
      elements: lengthOf(operand),
      sought: texts[0] ?? '',
      longest: Math.max(0, ...texts.map((text) => text.length)),
      width: Math.max(0, ...numbers),
      count: (text, part) => this.#count(text, part),
    };
    this.#spendAtOnce(size + cost(call));
  }

  /** How often a text occurs in another; between all characters if it is empty. */
  #count(text: string, part: string): number {
    if (part === '') return text.length + 1;
    this.#spendSearch(text.length, part.length);
    let count = 0;
    for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
    return count;
  }

  #spendSearch(length: number, partLength: number): void {
    this.#spendAtOnce((length * Math.max(1, partLength)) / SEARCHED);
  }

  #sizeOf({ value, type }: Value): number {
    if (typeof value === 'string') return value.length;
    if (typeof value !== 'object' || value === null) return 1;
    const known = this.#sizes.get(value);
    if (known !== undefined) return known;
    let size = 1;
    // A namespace changes, and so does what holds one.
    let fixed = type !== 'NamespaceValue';
    for (const [key, element] of value instanceof Map ? value : value.entries()) {
      this.#spend(MET);
      size += String(key).length + this.#sizeOf(element);
      fixed &&=
        typeof element.value !== 'object' ||
        element.value === null ||
        this.#sizes.has(element.value);
      if (size > MAX_SIZE) return size;
    }
    if (fixed) this.#sizes.set(value, size);
    return size;
  }
}

/** A filter or method about to run. */
interface Call {
  /** Of its operand and arguments together. */
  readonly size: number;
  /** The operand, where it is a text. */
  readonly text: string;
  /** Elements of the operand. */
  readonly elements: number;
  /** The first text among the arguments, and the length of the longest. */
  readonly sought: string;
  readonly longest: number;
  /** The largest number among the arguments, a width of indentation. */
  readonly width: number;
  /** How often a text occurs in another. */
  count(text: string, part: string): number;
}

/** What takes more than its operands are long. */
const COSTS: ReadonlyMap<string, (call: Call) => number> = new Map([
  [
    'replace',
    ({ text, sought, longest, count }: Call) => count(text, sought) * (ELEMENT + longest),
  ],
  [
    'split',
    ({ text, sought, count }: Call) =>
      (sought === '' ? text.length / 2 : count(text, sought) + 1) * ELEMENT,
  ],
  ['join', ({ text, elements, longest }: Call) => (elements + text.length) * (1 + longest)],
  ['indent', ({ text, width, count }: Call) => (count(text, '\n') + 1) * Math.max(4, width)],
  ['title', ({ size }: Call) => size * ELEMENT],
  // Both look at attributes by their names, again for every comparison.
  ['sort', ({ size, elements, longest }: Call) => size * ELEMENT + elements * SORTED * longest],
  ['map', ({ elements, longest }: Call) => elements * (ELEMENT + longest)],
  ['dictsort', ({ size }: Call) => size * ELEMENT],
  // An escape takes six characters; the indentation of an element is as deep as it is.
  ['tojson', ({ size, width }: Call) => 6 * size + size * size * width],
]);

function argumentsOf(value: Value): Value[] {
  return value.value instanceof Map ? [...value.value.values()] : [value];
}

function lengthOf({ value }: Value): number {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : 0;
}

function textOf(value: Value | undefined): string {
  return typeof value?.value === 'string' ? value.value : '';
}
