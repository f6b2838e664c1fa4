import { Environment, parse, tokenize } from '@huggingface/jinja';
import { BoundedInterpreter } from './bounded-interpreter.ts';
import { unmarked } from './marks.ts';

// A chat template is a program out of an untrusted file. It has no I/O to abuse, so what is bounded
// is time and memory: published templates are under 20 kB.
const MAX_TEMPLATE_CHARACTERS = 128 * 1024;
const MAX_RANGE = 10_000;
/** The lexer's own regular expressions try every start of a run of spaces to its end. */
const MAX_SPACES = 1000;

/** A template, ready to be rendered, and the texts that it writes itself. */
export interface Compiled {
  /** Marks in the variables (marks.ts) are in what it makes. Throws plain errors. */
  render(variables: Record<string, unknown>): string;
  readonly words: readonly string[];
}

/** Compiles a Jinja chat template. Throws plain errors. */
export function compileTemplate(source: string): Compiled {
  if (source.length > MAX_TEMPLATE_CHARACTERS) {
    throw new Error(`it is ${source.length} characters long, over ${MAX_TEMPLATE_CHARACTERS}`);
  }
  if (new RegExp(`\\s{${MAX_SPACES}}`).test(source)) {
    throw new Error(`it has ${MAX_SPACES} spaces in a row`);
  }
  const tokens = tokenize(unmarked(source), { lstrip_blocks: true, trim_blocks: true });
  const words = tokens.filter(({ type }) => WORDS.includes(type)).map(({ value }) => value);
  const program = parse(tokens);
  const render: Compiled['render'] = (variables) => {
    const environment = new Environment();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) {
      environment.set(name, value);
    }
    return String(new BoundedInterpreter(environment, source.length).run(program).value);
  };
  return { render, words };
}

/** What the lexer calls a template's own text. */
const WORDS: readonly string[] = ['Text', 'StringLiteral'];

// The globals of the library's own Template, which it does not export, with a bounded range. Without
// strftime_now a prompt does not depend on the day; templates test for it.
const GLOBALS: Record<string, unknown> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  range: boundedRange,
};

function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count <= MAX_RANGE))
    throw new Error(`range() over ${count} elements, more than ${MAX_RANGE}`);
  return Array.from({ length: count }, (_, i) => start + i * step);
}
