// Seeded misbehaviour of servers: what each of a model's mirrors does with each request, and what the client knows.
import { randomOf } from '../../packages/core/test/random.ts';

/** What a server does with one request. Byte counts are shares of the file, so that they fit any. */
export type Fault =
  | { kind: 'fine' }
  /** The connection ends after this share of the answer; `lingerMs` later, so that a client has read it all. */
  | { kind: 'cut'; after: number; lingerMs?: number }
  /** Nothing more comes after this share of the answer, and the connection stays open. */
  | { kind: 'stall'; after: number }
  /** The connection is closed without an answer. */
  | { kind: 'refuse' }
  | { kind: 'status'; status: number }
  /** A web page with status 200, as a captive portal. */
  | { kind: 'page' }
  /** The whole file with status 200, whatever range was asked for. */
  | { kind: 'whole' }
  /** Another range than the one asked for, and it says so. */
  | { kind: 'other-range'; shift: number }
  /** Another range than the one asked for, and it says it is the right one. */
  | { kind: 'lying-range'; shift: number }
  /** One bit is wrong. */
  | { kind: 'flip'; at: number }
  /** Content-Length speaks of more than what comes. */
  | { kind: 'too-long' }
  /** The file ends early and Content-Length agrees. */
  | { kind: 'truncated'; to: number }
  /** The whole file compressed, of unknown size. */
  | { kind: 'gzip' }
  /** No Content-Length. */
  | { kind: 'chunked' };

/** What tells one version of a file from another. */
export type Validator = 'etag' | 'weak' | 'date' | 'none';

export interface MirrorSchedule {
  readonly validator: Validator;
  readonly ranges: boolean;
  /** For the first requests; those after them are fine, or as the last one where it is `forGood`. */
  readonly faults: readonly Fault[];
  readonly forGood: boolean;
  /** From this request on the address has another version of the file. */
  readonly changesAt: number;
}

export interface Schedule {
  readonly seed: number;
  readonly mirrors: readonly MirrorSchedule[];
  readonly knows: 'nothing' | 'sha256' | 'chunks' | 'both';
  /** Shares of the file after which the client gives up and comes back. */
  readonly leaves: readonly number[];
  /** Only faults that patience overcomes: the file must arrive. */
  readonly mustArrive: boolean;
  /** An honest server whose connections break: what is fetched twice is counted. */
  readonly onlyCuts: boolean;
}

const HONEST: MirrorSchedule = {
  validator: 'etag',
  ranges: true,
  faults: [],
  forGood: false,
  changesAt: Number.POSITIVE_INFINITY,
};

/** A schedule made by hand: mirrors that are honest but for what is said of them. */
export function scheduled(...mirrors: Partial<MirrorSchedule>[]): Schedule {
  const known = { knows: 'nothing', leaves: [], mustArrive: true, onlyCuts: false } as const;
  return { seed: 0, mirrors: mirrors.map((mirror) => ({ ...HONEST, ...mirror })), ...known };
}

const TRANSIENT = ['cut', 'stall', 'refuse', 'busy', 'other-range', 'too-long'] as const;
/** What no client can notice without knowing a hash. */
const LIES = ['lying-range', 'flip', 'truncated'] as const;
const ODD = ['page', 'gone', 'whole', 'gzip', 'chunked', 'unsatisfiable'] as const;

/** The schedule of a seed. Every third is made of cuts and of what passes by itself, every sixth of a change of the file. */
export function scheduleOf(seed: number): Schedule {
  const below = randomOf(seed);
  const random = () => below(2 ** 30) / 2 ** 30;
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const kind = seed % 3;
  if (kind === 0) return cuts(seed, random, seed % 6 === 0);
  if (seed % 6 === 1) return changes(seed, random);
  const honest = kind === 1;
  const knows = pick(
    honest
      ? (['nothing', 'sha256', 'chunks', 'both'] as const)
      : (['sha256', 'chunks', 'both'] as const),
  );
  const kinds = honest ? [...TRANSIENT, ...ODD] : [...TRANSIENT, ...ODD, ...LIES, ...LIES];
  const mirrors = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
    validator: pick(['etag', 'etag', 'weak', 'date', 'none'] as const),
    ranges: random() > 0.2,
    faults: Array.from({ length: Math.floor(random() * 5) }, () => faultOf(pick(kinds), random)),
    forGood: random() < 0.25,
    changesAt: random() < 0.25 ? 1 + Math.floor(random() * 3) : Number.POSITIVE_INFINITY,
  }));
  return { seed, mirrors, knows, leaves: leavesOf(random), mustArrive: false, onlyCuts: false };
}

function cuts(seed: number, random: () => number, only: boolean): Schedule {
  const kinds = only ? (['cut'] as const) : TRANSIENT;
  const faults = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
    faultOf(kinds[Math.floor(random() * kinds.length)]!, random),
  );
  const validator = random() < 0.7 ? 'etag' : 'date';
  const mirror: MirrorSchedule = { ...HONEST, validator, faults };
  const knows = random() < 0.5 ? 'nothing' : 'sha256';
  const leaves = only ? [] : leavesOf(random);
  return { seed, mirrors: [mirror], knows, leaves, mustArrive: true, onlyCuts: only };
}

/** A file that is replaced by another of its size between two answers, at one address or from one to the next. */
function changes(seed: number, random: () => number): Schedule {
  const mirrors = Array.from({ length: 1 + Math.floor(random() * 2) }, (_, i) => ({
    validator: (['etag', 'weak', 'date', 'none'] as const)[Math.floor(random() * 4)]!,
    ranges: true,
    faults: [{ kind: 'cut', after: 0.2 + random() * 0.7 } as const],
    forGood: false,
    changesAt: 1 - i,
  }));
  return { seed, mirrors, knows: 'nothing', leaves: [], mustArrive: true, onlyCuts: false };
}

function leavesOf(random: () => number): number[] {
  return random() < 0.3 ? [random()] : [];
}

function faultOf(
  kind: (typeof TRANSIENT)[number] | (typeof LIES)[number] | (typeof ODD)[number],
  random: () => number,
): Fault {
  switch (kind) {
    case 'busy':
      return { kind: 'status', status: [429, 500, 502, 503][Math.floor(random() * 4)]! };
    case 'gone':
      return { kind: 'status', status: [401, 403, 404, 410][Math.floor(random() * 4)]! };
    case 'unsatisfiable':
      return { kind: 'status', status: 416 };
    case 'cut':
    case 'stall':
      return { kind, after: random() };
    case 'other-range':
    case 'lying-range':
      return { kind, shift: 1 + Math.floor(random() * 70_000) };
    case 'flip':
      return { kind, at: random() };
    case 'truncated':
      return { kind, to: random() };
    default:
      return { kind };
  }
}
