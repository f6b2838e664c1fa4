import { execFile } from 'node:child_process';
import { join } from 'node:path';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command of a tree as a user does. */
export function runCommand(tree: string, args: readonly string[]): Promise<Outcome> {
  const bin = join(tree, 'packages/cli/bin/pocketbit.mjs');
  const options = { maxBuffer: 256 * 1024 * 1024, cwd: tree };
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
