import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { CostCurve } from '@pocketbit/ui';
import { root } from '../../tests/support/paths.ts';
import type { Peaks } from '../memory/peaks.ts';
import type { Solo } from './alone.ts';
import type { Ceilings } from './ceilings.ts';
import type { Contest } from './contest.ts';
import type { Growth } from './growth.ts';
import type { KernelTiming } from './kernels.ts';
import { type NativeResult, nativeVersion } from './native.ts';
import type { Speed } from './speed.ts';
import type { Steadiness } from './steadiness.ts';
import type { Yardstick } from './yardstick.ts';

/** Engines on one file. */
export interface ModelResult {
  readonly model: string;
  readonly fileBytes: number;
  readonly promptTokens: number;
  readonly decodeTokens: number;
  contest?: Contest;
  native?: NativeResult;
  peaks?: Peaks;
  /** To the first token of a 128-token prompt, milliseconds; wllama's from its rate where the prompt was shorter. */
  firstToken?: { pocketbit: number; wllama: number };
}

export interface GrowthResult extends Growth {
  readonly decodeCurve: CostCurve;
  readonly prefillCurve: CostCurve;
}

/** Everything one run of the bench found. */
export interface BenchReport {
  readonly date: string;
  readonly command: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly versions: Record<string, string>;
  readonly models: ModelResult[];
  /** Of this machine in Chromium. */
  ceilings: Ceilings | null;
  readonly alone: Solo[];
  /** In other browsers. */
  readonly elsewhere: Solo[];
  readonly growth: GrowthResult[];
  readonly steadiness: (Steadiness & { readonly load: number })[];
  readonly kernels: KernelTiming[];
  /** The same product by this machine's own instructions. */
  yardstick: Yardstick | null;
  readonly artifacts: Speed[];
  readonly notes: string[];
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  /** Load average of a minute when the run began. */
  readonly load: number;
}

export function emptyReport(args: readonly string[]): BenchReport {
  const peer = join(root, 'node_modules/@wllama/wllama/package.json');
  return {
    date: new Date().toISOString(),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).toString().trim(),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
      system: `${process.platform} ${release()}`,
      load: loadavg()[0] ?? 0,
    },
    versions: {
      '@wllama/wllama': JSON.parse(readFileSync(peer, 'utf8')).version,
      'node-llama-cpp': nativeVersion,
      Node: process.version,
    },
    models: [],
    ceilings: null,
    alone: [],
    elsewhere: [],
    growth: [],
    steadiness: [],
    kernels: [],
    yardstick: null,
    artifacts: [],
    notes: [],
  };
}
