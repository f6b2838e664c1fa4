// The ternary product with this machine's own vector instructions, the widest it has, beside the same in WebAssembly.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../scripts/lib/run.mjs';
import { cacheFolder, root } from '../../tests/support/paths.ts';

export interface Yardstick {
  /** The instructions it uses. */
  readonly instructions: string;
  /** One token, by shape: 10^9 multiply-adds and 10^9 bytes of weights a second. */
  readonly speeds: readonly { rows: number; k: number; gmacs: number; gbs: number }[];
}

/** Compiles and runs native/kernel.c; a text where this machine cannot. */
export async function measureYardstick(): Promise<Yardstick | string> {
  const folder = join(cacheFolder, 'native');
  mkdirSync(folder, { recursive: true });
  const [source, program] = [
    join(root, 'tools/speed/native/kernel.c'),
    join(folder, 'kernel'),
  ] as const;
  const compiled = await run('cc', ['-O3', '-march=native', '-o', program, source]);
  if (compiled.code !== 0) return `the native kernel was not built: ${compiled.output.trim()}`;
  const ran = await run(program, []);
  if (ran.code !== 0) return `the native kernel failed: ${ran.output.trim()}`;
  return JSON.parse(ran.stdout);
}
