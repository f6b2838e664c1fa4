import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * Runs a program to its end and never throws for a failing one.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, show?: boolean, timeoutMs?: number}} options `show` passes the
 *   output through as it comes, beside collecting it.
 * @returns {Promise<{code: number, output: string, stdout: string}>} code 127 when it could not be started, 124 when it ran out of time
 */
export function run(command, args, options = {}) {
  const { cwd = root, env = process.env, show = false, timeoutMs } = options;
  return new Promise((done) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env, stdio, detached: Boolean(timeoutMs) });
    const collected = { output: '', stdout: '', timedOut: false };
    const timer = timeoutMs && setTimeout(() => stop(child, collected), timeoutMs);
    const collect = (name, stream) => (chunk) => {
      collected.output += chunk;
      if (name === 'stdout') collected.stdout += chunk;
      if (show) stream.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', collect('stdout', process.stdout));
    child.stderr.setEncoding('utf8').on('data', collect('stderr', process.stderr));
    const end = (code) => {
      clearTimeout(timer);
      const { output, stdout, timedOut } = collected;
      done({ code: timedOut ? 124 : (code ?? 1), output, stdout });
    };
    child.on('error', (error) => {
      collected.output += error.message;
      end(127);
    });
    child.on('close', end);
  });
}

/** Ends the whole process group: a grandchild that kept the pipes open would keep us waiting. */
function stop(child, collected) {
  collected.timedOut = true;
  process.kill(-child.pid, 'SIGKILL');
}

/** Runs a program, shows its output, and throws when it fails. */
export async function must(command, args, options = {}) {
  const result = await run(command, args, { show: true, ...options });
  if (result.code !== 0) {
    const shown = options.show === false ? `\n${result.output}` : '';
    throw new Error(`${[command, ...args].join(' ')} ended with code ${result.code}${shown}`);
  }
  return result;
}

/** First line of a program's standard output, or null when it cannot be run. */
export async function firstLine(command, args, options = {}) {
  const { code, stdout } = await run(command, args, options);
  return code === 0 ? (stdout.split('\n')[0] ?? '').trim() : null;
}

/** "0.4 s", "2 min 05 s". */
export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
}

/** Runs `work`, which returns what it found or did, and prints that with the time it took. */
export async function step(title, work) {
  const start = performance.now();
  const note = await work();
  console.log(`${title}: ${note} (${duration(performance.now() - start)})`);
}

/** Runs a command's body; an error becomes one line and exit code 1. POCKETBIT_DEBUG shows where it came from. */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(process.env.POCKETBIT_DEBUG ? error : error.message);
    process.exitCode = 1;
  }
}
