import { type Environment, Interpreter } from '@huggingface/jinja';

// Work is counted in units of about ten nanoseconds, so that a template ends within a second or two on any machine;
// of a conversation of a million characters it takes a quarter.
const MAX_WORK = 2 ** 26;
const STEP = 256;
/** Of a round of a loop, which has a scope of its own. */
const ROUND = 4 * STEP;
/** Of an element that is made: an object on the heap. */
const ELEMENT = 128;
/** Of a character that is sliced. */
const SLICED = 8;
/** Character comparisons of a search in one unit. */
const SEARCHED = 8;
/** Characters and elements of one value, each counted as often as it would be written out. */
const MAX_SIZE = 2 ** 22;
/** Most work of one filter or method, which nothing can stop on its way. */
const MAX_CALL = 2 ** 25;

type Value = ReturnType<Interpreter['evaluate']>;
type Statement = NonNullable<Parameters<Interpreter['evaluate']>[0]>;

/** What is looked at of a node of the library's syntax tree; which fields there are depends on its type. */
interface Node extends Statement {
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

const READY = 'Ready';
/** A node that has been evaluated. */
const ready = (value: Value) => ({ type: READY, value }) as unknown as Node;

/** Runs a template, and throws a plain error before it takes more time or memory than the bounds above. */
export class BoundedInterpreter extends Interpreter {
  readonly #templateLength: number;
  /** Sizes of arrays and mappings that do not change. */
  readonly #sizes = new WeakMap<object, number>();
  /** Nodes that loops go over. */
  readonly #iterables = new WeakSet<object>();
  #work = 0;

  constructor(environment: Environment, templateLength: number) {
    super(environment);
    this.#templateLength = templateLength;
  }

  override evaluate(statement: Statement | undefined, environment: Environment): Value {
    this.#spend(STEP);
    if (!statement) return super.evaluate(statement, environment);
    const node = this.#prepared(statement as Node, environment);
    const result = node.type === READY ? (node.value as Value) : super.evaluate(node, environment);
    const size = this.#sizeOf(result);
    if (size > MAX_SIZE) throw new Error(`a value grows past ${MAX_SIZE} elements`);
    if (typeof result.value === 'string') this.#spend(size);
    if (this.#iterables.has(statement)) this.#spend(ROUND * lengthOf(result));
    else if (node.type === 'CallExpression') this.#spend(ELEMENT * lengthOf(result));
    return result;
  }

  #spend(units: number): void {
    this.#work += units;
    if (!(this.#work <= MAX_WORK)) throw new Error('it takes more steps than any chat needs');
  }

  /** Spends a step that nothing can stop, before it is done. */
  #spendAtOnce(units: number): void {
    if (!(units <= MAX_CALL)) throw new Error('one step of it takes too long or makes too much');
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
      case 'CallExpression':
        return this.#preparedMethod(node, environment);
      case 'MemberExpression':
        return node.property.type === 'SliceExpression'
          ? this.#preparedSlice(node, environment)
          : node;
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

  /** `text.replace(…)` and its like. */
  #preparedMethod(node: Node, environment: Environment): Node {
    const { callee } = node;
    if (callee.type !== 'MemberExpression' || callee.computed) return node;
    const object = this.evaluate(callee.object, environment);
    const { values, args } = this.#preparedArguments(node.args, environment);
    this.#spendCall(String(callee.property.value), object, values);
    return { ...node, args, callee: { ...callee, object: ready(object) } };
  }

  /** A slice of a text goes over all its characters. */
  #preparedSlice(node: Node, environment: Environment): Node {
    const object = this.evaluate(node.object, environment);
    this.#spendAtOnce(SLICED * this.#sizeOf(object));
    return { ...node, object: ready(object) };
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
    const [size, text] = [this.#sizeOf(operand), textOf(operand)];
    const [first = '', second = ''] = args.map(textOf).filter((argument) => argument !== '');
    const width = Math.max(4, ...args.map(({ value }) => (typeof value === 'number' ? value : 0)));
    const costs: Record<string, () => number> = {
      replace: () =>
        size +
        this.#count(text, textOf(args[0])) * (ELEMENT + Math.max(first.length, second.length)),
      split: () => size + (this.#count(text, first || ' ') + 1) * ELEMENT,
      join: () => size + (lengthOf(operand) + text.length) * (1 + first.length),
      indent: () => size + (this.#count(text, '\n') + 1) * width,
      title: () => size * ELEMENT,
      sort: () => size * ELEMENT,
      dictsort: () => size * ELEMENT,
      // An escape takes six characters; the indentation of an element is as deep as it is.
      tojson: () => 6 * size + (args.length > 0 ? size * size * width : 0),
    };
    if (Object.hasOwn(costs, name)) this.#spendAtOnce(costs[name]!());
    else this.#spend(size);
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
      this.#spend(1);
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

function lengthOf({ value }: Value): number {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : 0;
}

function textOf(value: Value | undefined): string {
  return typeof value?.value === 'string' ? value.value : '';
}
