// The command in this process, and a folder for what its tests write.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, vi } from 'vitest';
import { main } from '../src/cli.ts';

/** The path of a model of tests/fixtures/tiny. */
export const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../tests/fixtures/tiny/${name}.gguf`, import.meta.url));

/** Runs the command: its status and what it wrote. `heard` is called after each part of the answer. */
export async function pocketbit(args: readonly string[], heard = () => {}) {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += text;
      if (name === 'stdout') heard();
      return true;
    });
  }
  const status = await main([...args]);
  vi.restoreAllMocks();
  return { status, ...written };
}

/** The path of a file in a folder that stands for as long as the tests of the calling file. */
export function inFolder(): (name: string) => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pocketbit-'));
    process.stdout.setMaxListeners(0);
  });
  afterAll(() => rm(folder, { recursive: true }));
  return (name) => join(folder, name);
}
