import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../tests/fixtures/tiny/${name}`, import.meta.url));
const MODELS = ['tiny-tq2', 'tiny-i2s', 'tiny-q6k', 'tiny-w1a1'];
const ARTIFACTS = ['scalar', 'simd128'];
const TQ2 = fixture('tiny-tq2.gguf');

interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs the built command as a user does. */
function pocketbit(...args: string[]): Promise<Outcome> {
  const bin = join(packageFolder, 'bin', 'pocketbit.mjs');
  const options = { maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

async function json(...args: string[]) {
  const { status, stdout, stderr } = await pocketbit(...args, '--json');
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return JSON.parse(stdout);
}

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function furthest(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0);
}

let folder = '';
beforeAll(async () => {
  await build({ root: packageFolder, logLevel: 'error' });
  folder = await mkdtemp(join(tmpdir(), 'pocketbit-'));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

describe.each(MODELS)('%s', (name) => {
  const file = fixture(`${name}.gguf`);
  const golden = readFile(fixture(`${name}.golden.json`), 'utf8').then(JSON.parse);

  test('logits are those of the PyTorch reference within 1e-3', async () => {
    const { ids, integerExact } = await golden;
    const list = ids.join(',');
    const every = await json('logits', file, '--ids', list, '--all-positions', '--base64');
    expect(every).toMatchObject({ positions: ids.length, vocab: 320 });
    expect(furthest(floats(every.logits), floats(integerExact.kvF32))).toBeLessThan(1e-3);
    const int8 = await json('logits', file, '--ids', list, '--kv', 'int8', '--base64');
    expect(furthest(floats(int8.logits), floats(integerExact.kvI8))).toBeLessThan(1e-3);
    const int4 = await json('logits', file, '--ids', list, '--kv', 'int4', '--base64');
    expect(furthest(floats(int4.logits), floats(integerExact.kvI4))).toBeLessThan(1e-3);
    const head = await json('logits', file, '--ids', list, '--head', 'f32', '--base64');
    expect(furthest(floats(head.logits), floats(integerExact.headF32))).toBeLessThan(1e-3);
  }, 30_000);

  test('artifacts and slicings give the same bytes', async () => {
    const { ids } = await golden;
    const runs = ARTIFACTS.map((artifact) =>
      json('logits', file, '--ids', ids.join(','), '--base64', '--artifact', artifact),
    );
    const every = json('logits', file, '--ids', ids.join(','), '--all-positions', '--base64');
    const last = floats((await every).logits).slice(-320);
    for (const run of runs) expect(floats((await run).logits)).toEqual(last);
  }, 30_000);

  test('resident bytes are foretold from the header', async () => {
    for (const options of [
      [],
      ['--kv', 'f32', '--head', 'f32'],
      ['--kv', 'int4', '--context', '77'],
    ]) {
      const { plan } = await json('inspect', file, ...options);
      const run = await json('run', file, 'hi', '--max-tokens', '1', '--raw', ...options);
      const spare = plan.residentBytes - run.residentBytes;
      // The engine's list of ids grows as the context fills, by 4 bytes a position.
      expect(spare).toBeGreaterThanOrEqual(0);
      expect(spare).toBeLessThanOrEqual(plan.config.context * 4);
    }
  }, 30_000);
});

describe('logits', () => {
  test('prints exactly the agreed form, highest first', async () => {
    const { stdout } = await pocketbit('logits', TQ2, '--ids', '1,2,3', '--top', '50', '--json');
    const { top, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({});
    expect(top).toHaveLength(50);
    expect(Object.keys(top[0])).toEqual(['id', 'logit']);
    for (let i = 1; i < 50; i++) expect(top[i - 1].logit).toBeGreaterThanOrEqual(top[i].logit);
  });
});

describe('profile', () => {
  test('names the kernels of every matrix, those that were forced among them', async () => {
    const { tensors } = await json('profile', TQ2, '--kernels', 'ternary=widening/rows');
    const linears = tensors.filter(({ family }: { family: string }) => family === 'ternary');
    expect(linears).toHaveLength(14);
    for (const tensor of linears) expect(tensor).toMatchObject({ gemv: 'widening', gemm: 'rows' });
    const head = tensors.find(({ name }: { name: string }) => name === 'token_embd.weight');
    expect(head).toMatchObject({ family: 'int8', rows: 320, k: 256 });
  });
});

describe('run', () => {
  test('is the same for the same seed and another for another', async () => {
    const sampled = (seed: string) =>
      json('run', TQ2, 'hi', '--temperature', '1', '--max-tokens', '24', '--seed', seed);
    const [first, again, other] = await Promise.all([sampled('1'), sampled('1'), sampled('2')]);
    expect(first.ids).toEqual(again.ids);
    expect(first.ids).not.toEqual(other.ids);
  });

  test('streams text to stdout and figures to stderr', async () => {
    const { status, stdout, stderr } = await pocketbit('run', TQ2, 'hi', '--max-tokens', '5');
    expect(status).toBe(0);
    expect(stdout.endsWith('\n')).toBe(true);
    expect(stderr).toMatch(/^prompt \d+ tokens in \d+ ms; answer \d+ tokens .* tokens\/s/);
  });

  test('is ended by Ctrl-C with what it had', async () => {
    const session = join(folder, 'stopped.json');
    const endless = ['--raw', '--context', '64', '--overflow', 'slide', '--max-tokens', '999999'];
    const bin = join(packageFolder, 'bin', 'pocketbit.mjs');
    const args = [bin, 'run', TQ2, 'hi', ...endless, '--save', session];
    const command = spawn(process.execPath, args);
    let stderr = '';
    command.stdout.once('data', () => command.kill('SIGINT'));
    command.stderr.on('data', (data) => {
      stderr += data;
    });
    const ended = await new Promise((resolve) => command.on('close', (...how) => resolve(how)));
    expect(ended).toEqual([130, null]);
    expect(stderr).toMatch(/stopped by aborted/);
    expect(JSON.parse(await readFile(session, 'utf8')).stopReason).toBe('aborted');
  });

  test('says when the context is full', async () => {
    const options = ['--context', '24', '--max-tokens', '100', '--raw'];
    const filled = await json('run', TQ2, 'ab', ...options);
    expect(filled.stopReason).toBe('context-full');
    const { status, stderr } = await pocketbit('run', TQ2, 'x'.repeat(40), ...options);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^pocketbit: context-full: /);
  });
});

describe('tokenize', () => {
  test('gives ids and entries', async () => {
    const { ids, tokens } = await json('tokenize', TQ2, 'hi there');
    expect(ids).toHaveLength(tokens.length);
    expect(tokens.join('')).toBe('hiĠthere');
  });
});

describe('inspect', () => {
  test('tells a file that does not run why, and looks at it all the same', async () => {
    const bytes = await readFile(TQ2);
    const renamed = Buffer.from(bytes.toString('latin1').replaceAll('ffn_up', 'ffn_ub'), 'latin1');
    const path = join(folder, 'renamed.gguf');
    await writeFile(path, renamed);
    const { refused, tensors } = await json('inspect', path);
    expect(refused).toContain('unsupported: The tensor "blk.0.ffn_ub.weight" is not known');
    expect(tensors).toHaveLength(24);
    const { stdout } = await pocketbit('inspect', path);
    expect(stdout).toContain('runs          no: unsupported');
  });
});

describe('output that nobody takes', () => {
  const bin = join(packageFolder, 'bin', 'pocketbit.mjs');
  const shell = (line: string) =>
    new Promise<Outcome>((resolve) => {
      const args = ['-c', `node() { "${process.execPath}" "${bin}" "$@"; }; ${line}`];
      execFile('bash', args, { timeout: 20_000 }, (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  const full: [string, string][] = [
    ['text', `inspect "${TQ2}"`],
    ['JSON', `inspect "${TQ2}" --json`],
    ['an answer', `run "${TQ2}" hi --max-tokens 20`],
    ['ids', `tokenize "${TQ2}" hi`],
    ['the help', '--help'],
    ['the version', '--version'],
  ];

  test.runIf(process.platform === 'linux').each(full)(
    'a full disk is one line and status 1: %s (fault 17)',
    async (_, command) => {
      const { status, stderr } = await shell(`node ${command} > /dev/full`);
      expect(stderr).toMatch(/^pocketbit: storage: The output cannot be written: [^\n]*\n$/);
      expect(status).toBe(1);
    },
    30_000,
  );

  test.runIf(process.platform === 'linux')(
    'a full disk for errors leaves the status (fault 17)',
    async () => {
      expect(await shell('node inspect none 2> /dev/full')).toMatchObject({ status: 1 });
      expect(await shell('node dance 2> /dev/full')).toMatchObject({ status: 2 });
      const both = `node run "${TQ2}" hi --max-tokens 9 > /dev/full 2> /dev/full`;
      expect(await shell(both)).toMatchObject({ status: 1 });
      const figures = `node run "${TQ2}" hi --max-tokens 9 2> /dev/full`;
      expect(await shell(figures)).toMatchObject({ status: 0 });
    },
    30_000,
  );

  test('a reader that leaves is no error, and the session is kept (fault 17)', async () => {
    const session = join(folder, 'left.json');
    const run = `node run "${TQ2}" hi --raw --context 64 --overflow slide --max-tokens 999999`;
    const left = await shell(`${run} --save "${session}" | head -c 1; exit \${PIPESTATUS[0]}`);
    expect(left.stderr).not.toMatch(/Error|at /);
    expect(left.status).toBe(0);
    expect(JSON.parse(await readFile(session, 'utf8')).stopReason).toBe('aborted');
    const inspected = await shell(`node inspect "${TQ2}" --json | true; exit \${PIPESTATUS[0]}`);
    expect(inspected).toMatchObject({ status: 0, stderr: '' });
    const errors = await shell(`node inspect none 2>&1 >/dev/null | true; exit \${PIPESTATUS[0]}`);
    expect(errors.status).toBe(1);
  }, 30_000);
});

describe('errors are one line and a status', () => {
  const cases: [string, string[], number, RegExp][] = [
    [
      'no file',
      ['inspect', 'missing.gguf'],
      1,
      /^pocketbit: storage: cannot open missing.gguf: no such file\n$/,
    ],
    ['a folder', ['inspect', '.'], 1, /^pocketbit: storage: .*not a file\n$/],
    [
      'a foreign file',
      ['inspect', fixture('tiny-tq2.golden.json')],
      1,
      /^pocketbit: bad-model: .*JSON/,
    ],
    ['an unknown id', ['logits', TQ2, '--ids', '1,320'], 2, /expected ids from 0 to 319/],
    ['no ids', ['logits', TQ2], 2, /--ids is missing/],
    ['an unknown option', ['run', TQ2, 'x', '--tempo', '1'], 2, /--tempo/],
    [
      'an option out of range',
      ['run', TQ2, 'x', '--top-p', '2'],
      2,
      /--top-p is "2"; expected 0 to 1/,
    ],
    [
      'an unknown artifact',
      ['run', TQ2, 'x', '--artifact', 'avx'],
      2,
      /expected scalar, simd128, relaxed/,
    ],
    [
      'a kernel the artifact lacks',
      ['run', TQ2, 'x', '--kernels', 'ternary=dot'],
      1,
      /^pocketbit: unsupported: .*dot/,
    ],
    [
      'a family that does not exist',
      ['run', TQ2, 'x', '--kernels', 'trinary=dot'],
      1,
      /^pocketbit: unsupported: .*"trinary"/,
    ],
    ['kernels without a family', ['run', TQ2, 'x', '--kernels', 'dot'], 2, /FAMILY=GEMV/],
    ['no command', [], 2, /usage: pocketbit COMMAND/],
    ['an unknown command', ['dance'], 2, /no command "dance"/],
    [
      'a context over the model’s',
      ['run', TQ2, 'x', '--context', '9999'],
      1,
      /^pocketbit: unsupported: /,
    ],
  ];
  test.each(cases)('%s', async (_, args, status, message) => {
    const outcome = await pocketbit(...args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.status).toBe(status);
    expect(outcome.stdout).toBe('');
  });

  test('a truncated file', async () => {
    const path = join(folder, 'cut.gguf');
    await writeFile(path, (await readFile(TQ2)).subarray(0, 300_000));
    const { status, stderr } = await pocketbit('run', path, 'hi');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^pocketbit: bad-model: The file is truncated/);
  });

  test('weights that are no ternary codes', async () => {
    const { tensors } = await json('inspect', TQ2);
    const { offset } = tensors.find((t: { name: string }) => t.name === 'blk.0.ffn_up.weight');
    const path = join(folder, 'codes.gguf');
    const bytes = await readFile(TQ2);
    await writeFile(path, bytes.fill(0xff, offset, offset + 8));
    const { status, stderr } = await pocketbit('run', path, 'hi');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^pocketbit: bad-model: /);
  });

  test('the relaxed artifact is used only where this Node computes it rightly', async () => {
    const { status, stdout, stderr } = await pocketbit(
      'logits',
      TQ2,
      '--ids',
      '1',
      '--json',
      '--artifact',
      'relaxed',
    );
    if (status === 0) {
      expect(JSON.parse(stdout)).toEqual(await json('logits', TQ2, '--ids', '1'));
    } else {
      expect(stderr).toMatch(/^pocketbit: unsupported: .*use --artifact simd128\n$/);
    }
  });
});
