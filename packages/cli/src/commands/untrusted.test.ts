import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { byteVocabulary, type TinyOptions, tinyModel } from '../../../core/test/tiny-model.ts';
import { fixture, inFolder, pocketbit as run } from '../../test/command.ts';

const TQ2 = fixture('tiny-tq2');
const file = inFolder();
afterEach(() => vi.restoreAllMocks());

const pocketbit = (...args: string[]) => run(args);

/** A line of its own, a cleared line, a title, C1's CSI, a reversed line, what has no width. */
const FORGED =
  'x\nruns          yes\r\u001b[2K\u001b]0;t\u0007\u009b1A\u202egguf\u2066\u200b\u2028y';
const HIDDEN = /[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u;
const text = (value: string) => ({ type: 'string', value }) as const;

let models = 0;
async function model(options: TinyOptions): Promise<string> {
  const path = file(`model-${models++}.gguf`);
  await writeFile(path, tinyModel(options));
  return path;
}

const { tokens } = byteVocabulary();
const template = (value: string) => ({ 'tokenizer.chat_template': text(value) });
const renamed: TinyOptions['tensors'] = (all) =>
  all.map((tensor, i) => (i === 3 ? { ...tensor, name: `blk.0.${FORGED}` } : tensor));

/** What is wrong with a file, the file, and the command after its path. */
const HOSTILE: [string, TinyOptions, string[]][] = [
  ['architecture', { metadata: { 'general.architecture': text(FORGED) } }, ['inspect', 'FILE']],
  ['name', { metadata: { 'general.name': text(FORGED) } }, ['inspect', 'FILE']],
  ['tensor', { tensors: renamed }, ['inspect', 'FILE']],
  ['tensor of a run', { tensors: renamed }, ['run', 'FILE', 'hi']],
  ['tokenizer', { metadata: { 'tokenizer.ggml.model': text(FORGED) } }, ['tokenize', 'FILE', 'hi']],
  ['pre-tokenizer', { metadata: { 'tokenizer.ggml.pre': text(FORGED) } }, ['run', 'FILE', 'hi']],
  [
    'template that raises',
    { metadata: template(`{{ raise_exception('${FORGED}') }}`) },
    ['run', 'FILE', 'hi'],
  ],
  ['template that is none', { metadata: template(`{% ${FORGED} %}`) }, ['run', 'FILE', 'hi']],
  [
    'token',
    {
      metadata: {
        'tokenizer.ggml.tokens': {
          type: 'strings',
          value: tokens.map((t) => (t === 'hello' ? FORGED : t)),
        },
        'tokenizer.ggml.merges': null,
        'tokenizer.ggml.token_type': {
          type: 'i32s',
          value: tokens.map((t) => (t === 'hello' ? 4 : 1)),
        },
      },
    },
    ['tokenize', 'FILE', FORGED],
  ],
];

describe('what a file says is escaped where it is printed', () => {
  test.each(HOSTILE)('%s (fault 17)', async (_, options, args) => {
    const path = await model(options);
    const { stdout, stderr } = await pocketbit(...args.map((arg) => (arg === 'FILE' ? path : arg)));
    expect(stdout + stderr).not.toMatch(HIDDEN);
    expect(stdout + stderr).toMatch(/\\u00|\\u202e|\ufffd/);
    expect(`${stdout}\n${stderr}`).not.toMatch(/^runs {10}yes\S/m);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect((stdout.match(/^runs /gm) ?? []).length).toBeLessThan(2);
  });

  test('a name without an end is cut (fault 17)', async () => {
    const long = 'n'.repeat(1_000_000);
    const path = await model({
      metadata: { 'general.name': text(long), 'general.architecture': text(long) },
    });
    const { stdout } = await pocketbit('inspect', path);
    expect(stdout.length).toBeLessThan(5000);
  });

  test('a command line, too (fault 17)', async () => {
    for (const args of [
      ['inspect', file(FORGED)],
      [FORGED],
      ['inspect', `--${FORGED}`],
      ['inspect', 'a', FORGED],
      ['run', TQ2, 'x', '--kernels', FORGED],
      ['run', TQ2, 'x', '--seed', FORGED],
      ['run', TQ2, 'x', '--artifact', FORGED],
      ['logits', TQ2, '--ids', FORGED],
    ]) {
      const { status, stdout, stderr } = await pocketbit(...args);
      expect(status).toBeGreaterThan(0);
      expect(stdout + stderr).not.toMatch(HIDDEN);
      expect(stderr).not.toMatch(/^runs/m);
    }
  });

  test('--json says it whole, in one valid text (fault 17)', async () => {
    const path = await model({ metadata: { 'general.name': text(FORGED) }, tensors: renamed });
    const { stdout } = await pocketbit('inspect', path, '--json');
    expect(stdout).not.toMatch(HIDDEN);
    expect(JSON.parse(stdout).metadata['general.name']).toBe(FORGED);
    expect(JSON.parse(stdout).tensors[3].name).toBe(`blk.0.${FORGED}`);
    const tag = '\u{e0041}\ud800';
    const { stdout: list } = await pocketbit('tokenize', TQ2, `a${tag}`, '--json');
    expect(JSON.parse(list).ids.length).toBeGreaterThan(3);
    expect(list).not.toMatch(HIDDEN);
  });
});

describe('the answer', () => {
  const run = [
    'run',
    TQ2,
    'once',
    '--raw',
    '--temperature',
    '0.9',
    '--seed',
    '11',
    '--max-tokens',
    '60',
  ];
  const written = (stdout: string) => stdout.slice(0, -1);

  test('has no control characters on a terminal, and its own bytes in a pipe (fault 17)', async () => {
    const { stdout: json } = await pocketbit(...run, '--json');
    const answer: string = JSON.parse(json).text;
    expect(answer).toMatch(/(?![\n\t])\p{Cc}/u);
    const { isTTY } = process.stdout;
    try {
      process.stdout.isTTY = false;
      expect(written((await pocketbit(...run)).stdout)).toBe(answer);
      process.stdout.isTTY = true;
      const shown = written((await pocketbit(...run)).stdout);
      expect(shown).not.toMatch(/(?![\n\t])\p{Cc}/u);
      expect(shown).toContain('\\u00');
    } finally {
      process.stdout.isTTY = isTTY;
    }
  });
});

describe('a FILE that is none', () => {
  const places: [string, () => Promise<string>][] = [
    [
      'FIFO',
      async () => {
        const path = file('fifo');
        execFileSync('mkfifo', [path]);
        return path;
      },
    ],
    ['folder', async () => file('')],
    ['device', async () => '/dev/zero'],
    ['terminal', async () => '/dev/tty'],
    [
      'socket',
      async () => {
        const path = file('socket');
        const server = createServer().listen(path);
        await new Promise((resolve) => server.once('listening', resolve));
        server.unref();
        return path;
      },
    ],
    [
      'loop',
      async () => {
        await symlink(file('loop'), file('loop'));
        return file('loop');
      },
    ],
    ['path through a file', async () => join(TQ2, 'x')],
    ['path without an end', async () => file('x'.repeat(5000))],
    ['path with a zero', async () => `${file('')}/a\0b`],
    ['empty path', async () => ''],
  ];
  const paths = new Map<string, string>();
  beforeAll(async () => {
    for (const [name, make] of places) paths.set(name, await make());
  });

  test.each(places.map(([name]) => name))(
    'is refused at once: %s (fault 17)',
    async (name) => {
      const path = paths.get(name)!;
      for (const args of [
        ['inspect', path],
        ['tokenize', path, 'x'],
        ['run', path, 'hi'],
        ['run', TQ2, '--resume', path],
        ['run', TQ2, 'hi', '--raw', '--max-tokens', '1', '--save', path],
      ]) {
        const { status, stderr } = await pocketbit(...args);
        expect({ args, status, stderr }).toMatchObject({ status: 1 });
        expect(stderr).toMatch(/(^|\n)pocketbit: storage: [^\n]+\n$/);
        expect(stderr).not.toMatch(HIDDEN);
        expect(stderr.length).toBeLessThan(1500);
      }
    },
    10_000,
  );

  test('an empty one and one that nobody may read have their own words (fault 17)', async () => {
    await writeFile(file('empty'), '');
    expect((await pocketbit('run', file('empty'), 'hi')).stderr).toMatch(
      /bad-model: The file is empty/,
    );
    expect((await pocketbit('run', TQ2, '--resume', file('empty'))).stderr).toMatch(
      /integrity: .*no saved session/,
    );
    if (process.getuid?.() === 0) return;
    await writeFile(file('locked'), 'GGUF');
    await chmod(file('locked'), 0);
    expect((await pocketbit('run', file('locked'), 'hi')).stderr).toMatch(
      /storage: .*permission denied/,
    );
  });
});

describe('--save', () => {
  const save = (path: string, tokens = '2') =>
    pocketbit('run', TQ2, 'hi', '--raw', '--max-tokens', tokens, '--save', path);

  test('replaces a session at once, keeps its mode, and leaves nothing beside it (fault 17)', async () => {
    const place = file('sessions');
    await mkdir(place);
    const path = join(place, 's.json');
    await writeFile(path, 'before', { mode: 0o640 });
    const { ino } = await stat(path);
    expect(await save(path)).toMatchObject({ status: 0 });
    const now = await stat(path);
    expect(now.ino).not.toBe(ino);
    expect(now.mode & 0o777).toBe(0o640);
    expect(JSON.parse(await readFile(path, 'utf8')).answer).toHaveLength(2);
    expect(await readdir(place)).toEqual(['s.json']);
  });

  test('writes through a link, and to a name that nothing could be added to (fault 17)', async () => {
    const target = file('target.json');
    await writeFile(target, 'before');
    await symlink(target, file('link.json'));
    expect(await save(file('link.json'))).toMatchObject({ status: 0 });
    expect(JSON.parse(await readFile(target, 'utf8')).answer).toHaveLength(2);
    expect(await save(file('n'.repeat(255)))).toMatchObject({ status: 0 });
    await symlink(file('later.json'), file('dangling.json'));
    expect(await save(file('dangling.json'))).toMatchObject({ status: 0 });
    expect(JSON.parse(await readFile(file('later.json'), 'utf8')).answer).toHaveLength(2);
  });

  test('that cannot be written leaves the session that is there (fault 17)', async () => {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
    const place = file('small');
    await mkdir(place);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'none', place], { stdio: 'pipe' });
    } catch {
      return;
    }
    try {
      const path = join(place, 's.json');
      await writeFile(path, 'before'.repeat(600));
      await writeFile(join(place, 'fill'), 'x'.repeat(4096)).catch(() => {});
      expect(await save(path)).toMatchObject({ status: 1 });
      expect(await readFile(path, 'utf8')).toMatch(/^before/);
      expect((await readdir(place)).sort()).toEqual(['fill', 's.json']);
    } finally {
      execFileSync('umount', [place]);
    }
  });
});
