import { displayName, escaped } from './display.ts';

/** Every way a Pocketbit call can fail; closed, so that a page can switch on it. */
export const ERROR_CODES = [
  'aborted',
  'unsupported',
  'bad-model',
  'does-not-fit',
  'out-of-memory',
  'quota',
  'integrity',
  'offline',
  'network',
  'context-full',
  'busy',
  'worker-crashed',
  'storage',
] as const;

/** How a call failed. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Numbers behind a message, by name. */
export type ErrorDetails = Readonly<Record<string, number | boolean | null>>;

/** UTF-16 units of a message: a page of text. */
const MAX_MESSAGE = 2000;

/**
 * The one error class. The message, one line, names what was found, what was expected and what to do; what files,
 * addresses and people wrote in it is escaped and cut (displayName).
 */
export class PocketbitError extends Error {
  readonly code: ErrorCode;
  /** The numbers behind the message, where a program can act on them: those of a `does-not-fit`. */
  readonly details: ErrorDetails | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    { details, ...options }: { cause?: unknown; details?: ErrorDetails | undefined } = {},
  ) {
    super(displayName(message, MAX_MESSAGE), options);
    this.name = 'PocketbitError';
    this.code = code;
    this.details = details;
  }

  /**
   * Any thrown value as a PocketbitError: one that already is, a plain object or error carrying a
   * `code`, as the engine's do, or a platform error known by name.
   * Anything else gets `fallback`.
   */
  static from(error: unknown, fallback: ErrorCode = 'worker-crashed'): PocketbitError {
    if (error instanceof PocketbitError) return error;
    const { name, message, code } = fieldsOf(error);
    if (isErrorCode(code)) return new PocketbitError(code, message, { cause: error });
    return new PocketbitError(codeOfPlatformError(name, message) ?? fallback, message, {
      cause: error,
    });
  }
}

function isErrorCode(value: unknown): value is ErrorCode {
  return (ERROR_CODES as readonly unknown[]).includes(value);
}

function fieldsOf(error: unknown): { name: string; message: string; code: unknown } {
  if (typeof error !== 'object' || error === null) {
    return { name: '', message: String(error), code: undefined };
  }
  const { name, message, code } = error as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : '',
    message: typeof message === 'string' ? message : String(error),
    code,
  };
}

function codeOfPlatformError(name: string, message: string): ErrorCode | undefined {
  if (name === 'AbortError') return 'aborted';
  if (name === 'QuotaExceededError') return 'quota';
  if (name === 'CompileError' || name === 'LinkError') return 'unsupported';
  // JavaScriptCore: "Out of memory"; V8: "Array buffer allocation failed".
  if (/out of memory|allocation failed/i.test(message)) return 'out-of-memory';
  return undefined;
}

/** A `bad-model` error: the file is not what it claims to be. */
export function badModel(found: string): PocketbitError {
  return new PocketbitError('bad-model', advised(found, 'Download the file again, or use another'));
}

/** An `unsupported` error: the file may be good, this build does not run it. */
export function unsupported(found: string): PocketbitError {
  return new PocketbitError('unsupported', advised(found, 'Use another file of the model'));
}

/** What was found as a sentence, and what to do where it does not say so itself. */
function advised(found: string, advice: string): string {
  const shown = escaped(found, () => '\ufffd');
  const sentence = shown.charAt(0).toUpperCase() + shown.slice(1);
  return /[;:] (use|choose|convert|give|leave|merge|shorten)\b/i.test(found)
    ? `${sentence}.`
    : `${sentence}. ${advice}.`;
}
