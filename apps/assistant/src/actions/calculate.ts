/** Evaluates `+ - * / ^ ( ) %` over decimal numbers; null when `expression` is anything else. */
export function calculate(expression: string): number | null {
  const tokens = expression.match(/\d+(?:\.\d+)?|\.\d+|[-+*/^()%]|\S/g) ?? [];
  const parser = new Parser(tokens);
  const value = parser.sum();
  return parser.done && value !== null && Number.isFinite(value) ? value : null;
}

/** At most 12 digits, so that 0.1 + 0.2 reads 0.3; with thousands separated. */
export function formatNumber(value: number): string {
  const rounded = Number(value.toPrecision(12));
  return Math.abs(rounded) >= 1e15 || (rounded !== 0 && Math.abs(rounded) < 1e-6)
    ? rounded.toExponential(6)
    : rounded.toLocaleString('en-US', { maximumFractionDigits: 10 });
}

const MAX_DEPTH = 50;

/** Recursive descent; any step that fails yields null and stops the rest. */
class Parser {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  sum(): number | null {
    return this.#chain(() => this.#product(), { '+': (a, b) => a + b, '-': (a, b) => a - b });
  }

  #product(): number | null {
    return this.#chain(() => this.#signed(), { '*': (a, b) => a * b, '/': (a, b) => a / b });
  }

  #chain(
    operand: () => number | null,
    operators: Record<string, (a: number, b: number) => number>,
  ): number | null {
    let value = operand();
    for (
      let apply = operators[this.#peek()];
      value !== null && apply;
      apply = operators[this.#peek()]
    ) {
      this.#at++;
      const right = operand();
      value = right === null ? null : apply(value, right);
    }
    return value;
  }

  #signed(): number | null {
    if (this.#depth > MAX_DEPTH) return null;
    if (!this.#take('-')) return this.#power();
    const value = this.#deeper(() => this.#signed());
    return value === null ? null : -value;
  }

  #power(): number | null {
    const base = this.#percent();
    if (base === null || !this.#take('^')) return base;
    const exponent = this.#deeper(() => this.#signed());
    return exponent === null ? null : base ** exponent;
  }

  #percent(): number | null {
    const value = this.#atom();
    return value !== null && this.#take('%') ? value / 100 : value;
  }

  #atom(): number | null {
    if (this.#take('(')) {
      const value = this.#deeper(() => this.sum());
      return this.#take(')') ? value : null;
    }
    const token = this.#peek();
    if (!/^[\d.]/.test(token)) return null;
    this.#at++;
    return Number(token);
  }

  #deeper(read: () => number | null): number | null {
    this.#depth++;
    const value = read();
    this.#depth--;
    return value;
  }

  #peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }
}
