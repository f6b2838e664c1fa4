import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, run } from '../../scripts/lib/run.mjs';
import { root } from '../../tests/support/paths.ts';
import { bounded, type Check, type Context, type Figure, seconds } from '../lib/report.ts';

const MINUTE = 60_000;
/** What `.ci/run` may take once the caches are warm. */
const CI_LIMIT = 25 * MINUTE;

export const freshClone: Check = {
  title:
    '`npm start`, `npm test` and `.ci/run` in a fresh clone with empty npm, cargo and tool caches',
  async run({ note }) {
    const folder = mkdtempSync(join(tmpdir(), 'pocketbit-clone-'));
    try {
      return await inClone(folder, note);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function inClone(folder: string, note: Context['note']): Promise<Figure[]> {
  const clone = join(folder, 'clone');
  const { stdout } = await must('git', ['rev-parse', '--short', 'HEAD'], { show: false });
  await must('git', ['clone', '--quiet', '--no-hardlinks', root, clone], { show: false });
  note(
    `commit ${stdout.trim()}; wasm-bindgen and wasm-pack are compiled anew; Debian packages and the wasm32 sysroot are the machine's`,
  );
  const env = emptyHomes(folder);
  const start = await timed(() => startAnswers(clone, env));
  note(`npm start: ${seconds(start.ms)}`);
  const test = await timed(() => run('npm', ['test'], { cwd: clone, env }));
  note(`npm test: ${seconds(test.ms)}\n${summary(test.result.output)}`);
  const ci = await timed(() => run(join(clone, '.ci/run'), [], { cwd: clone, env }));
  note(`.ci/run: ${seconds(ci.ms)}\n${summary(ci.result.output)}`);
  return [
    {
      label: '`npm start`, cold, until the page answers',
      value: seconds(start.ms),
      target: 'answers',
      pass: start.result,
    },
    {
      label: '`npm test`, first run',
      value: `${seconds(test.ms)}, code ${test.result.code}`,
      target: 'succeeds',
      pass: test.result.code === 0,
    },
    {
      label: '`.ci/run`, warm: result',
      value: `code ${ci.result.code}`,
      target: 'succeeds',
      pass: ci.result.code === 0,
    },
    bounded('`.ci/run`, warm: time', ci.ms, { max: CI_LIMIT }, seconds),
  ];
}

/** The environment with empty homes for npm, cargo and this project's tools. */
function emptyHomes(folder: string): NodeJS.ProcessEnv {
  const place = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path);
    return path;
  };
  const inherited = Object.entries(process.env).filter(
    // Vite's build, which other checks run in this process, sets NODE_ENV.
    ([name]) => !/^npm_|^CARGO_|^INIT_CWD$|^NODE_OPTIONS$|^NODE_ENV$/i.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    npm_config_cache: place('npm'),
    CARGO_HOME: place('cargo'),
    POCKETBIT_CACHE: place('tools'),
  };
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

/** Runs `npm start` until the address it prints answers with the assistant, then ends it. */
async function startAnswers(clone: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const child = spawn('npm', ['start'], {
    cwd: clone,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  const address = await Promise.race([addressOf(child), exit.then(() => null)]);
  const page = address && (await (await fetch(address)).text());
  if (child.exitCode === null) process.kill(-child.pid!, 'SIGTERM');
  await exit;
  return Boolean(page?.includes('<title>Pocketbit</title>'));
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let output = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const found = /answers at (http:\S+)/.exec(output);
      if (found) resolve(found[1]!);
    });
    child.stderr!.resume();
  });
}

/** The suites' own summaries, what failed, and the last line. */
function summary(output: string): string {
  const lines = output.trim().split('\n');
  const telling = lines.slice(0, -1).filter((line) => /^(--|==|FAILED| +✘) /.test(line));
  return [...telling, ...lines.slice(-1)].join('\n');
}
