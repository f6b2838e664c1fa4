import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  allDependencies,
  crateDependencies,
  npmDependencies,
  usesOf,
  workflows,
} from '../lib/dependencies.mjs';
import { licenceProblems, satisfies } from '../lib/licences.mjs';
import { root } from '../lib/run.mjs';
import { sbomOf } from '../lib/sbom.mjs';
import { workflowProblems } from './supply.mjs';

const SHA = '11bd71901bbe5b1630ceea73d27597364c9af683';
const workflow = (steps, permissions = 'permissions:\n  contents: read\n') => ({
  path: '.github/workflows/x.yml',
  text: `on: push\n${permissions}jobs:\n  a:\n    steps:\n${steps}\n`,
});

describe('workflows', () => {
  it('of this repository run pinned actions alone and may only read', () => {
    expect(workflows().length).toBeGreaterThan(0);
    expect(workflows().flatMap(workflowProblems)).toEqual([]);
  });

  it('with an action named by a tag, a branch or a short commit are refused, however it is written', () => {
    for (const step of [
      '      - uses: actions/checkout@v4',
      '      - uses: "actions/checkout@main" # v4',
      "      - 'uses': actions/checkout@11bd719",
      '      - { name: x, uses: actions/checkout@v4.2.2 }',
      '      - uses: actions/checkout',
      '      - uses:\n          org/repo/.github/workflows/all.yml@main',
      '      - uses: docker://alpine:3.20',
      `      - uses: actions/checkout@${SHA}0`,
    ])
      expect(workflowProblems(workflow(step)), step).toHaveLength(1);
    for (const step of [
      `      - uses: actions/checkout@${SHA} # v4.2.2`,
      '      # - uses: actions/checkout@v4',
      '      - uses: ./.github/actions/own',
      `      - uses: docker://alpine@sha256:${'0'.repeat(64)}`,
    ])
      expect(workflowProblems(workflow(step)), step).toEqual([]);
  });

  it('that may write, or do not say, are refused', () => {
    expect(workflowProblems(workflow('', ''))).toHaveLength(1);
    expect(workflowProblems(workflow('', 'permissions: write-all\n'))).not.toEqual([]);
    const more = 'permissions:\n  contents: read\n  packages: write\n';
    expect(workflowProblems(workflow('', more))).toHaveLength(1);
    expect(workflowProblems(workflow('', 'permissions: {}\n'))).toEqual([]);
  });
});

describe('licences', () => {
  it('are read as expressions', () => {
    const cases = [
      ['MIT', true],
      ['(MPL-2.0 OR Apache-2.0)', true],
      ['MIT AND GPL-3.0-or-later', false],
      ['GPL-3.0-only OR (MIT AND Apache-2.0)', true],
      ['MIT OR', false],
      ['Apache-2.0 WITH LLVM-exception', false],
      ['SEE LICENSE IN LICENSE.md', false],
      ['UNLICENSED', false],
      ['', false],
      [undefined, false],
    ];
    for (const [expression, met] of cases)
      expect(satisfies(expression, ['MIT', 'Apache-2.0']), expression).toBe(met);
  });

  it('of tools may be others than those of what ships', () => {
    const one = (licence, ships) => ({ purl: 'pkg:npm/x@1', licence, ships });
    expect(licenceProblems([one('MPL-2.0', false), one('MIT', true)])).toEqual([]);
    expect(licenceProblems([one('MPL-2.0', true), one('AGPL-3.0', false)])).toHaveLength(2);
    expect(licenceProblems([one(null, true), one(undefined, false)])).toHaveLength(2);
  });
});

describe('the bill of materials', { timeout: 60_000 }, () => {
  const all = allDependencies();

  it('names every dependency of both lockfiles, of training and of the workflows, once', async () => {
    const dependencies = await all;
    const { components, dependencies: graph } = sbomOf(
      { name: 'pocketbit', version: '0.1.0', licence: 'Apache-2.0' },
      dependencies,
    );
    const named = new Set(components.map(({ purl }) => purl));
    expect(named.size).toBe(components.length);
    const read = (path) => readFileSync(join(root, path), 'utf8');
    const wanted = [];
    for (const [path, { version, link, name }] of Object.entries(
      JSON.parse(read('package-lock.json')).packages,
    )) {
      if (!path.includes('node_modules/') || link) continue;
      const own = name ?? path.split('node_modules/').at(-1);
      wanted.push(`pkg:npm/${own.replace('@', '%40')}@${version}`);
    }
    for (const lock of ['Cargo.lock', 'fuzz/Cargo.lock']) {
      const entries = read(lock).matchAll(/^name = "(.+)"\nversion = "(.+)"\nsource/gm);
      for (const [, name, version] of entries) wanted.push(`pkg:cargo/${name}@${version}`);
    }
    for (const [, name, version] of read('training/requirements.txt').matchAll(/^(.+)==(.+)$/gm))
      wanted.push(`pkg:pypi/${name}@${version}`);
    for (const { text } of workflows())
      wanted.push(...usesOf(text).map((used) => `pkg:github/${used}`));
    expect(wanted.length).toBeGreaterThan(500);
    expect(wanted.filter((purl) => !named.has(purl))).toEqual([]);
    const refs = new Set([...named, 'pkg:npm/pocketbit@0.1.0']);
    expect(graph.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref))).toEqual([]);
  });

  it('tells what ships from what builds', async () => {
    const ships = new Map((await all).map(({ name, ships }) => [name, ships]));
    for (const name of ['lit', 'idb-keyval', 'comlink', 'libm', 'wasm-bindgen'])
      expect(ships.get(name), name).toBe(true);
    for (const name of ['vite', 'sha2', 'libfuzzer-sys', 'torch', 'wasm-pack'])
      expect(ships.get(name), name).toBe(false);
  });

  it('is the same bytes for the same dependencies', () => {
    const lock = {
      packages: {
        '': {},
        'packages/a': {},
        'node_modules/a': { link: true, resolved: 'packages/a' },
        'node_modules/b': { version: '1.0.0', license: 'MIT', integrity: 'sha512-AAAA', dev: true },
        'node_modules/@c/d': {
          version: '2.0.0',
          license: 'MIT',
          dependencies: { b: '^3' },
          dev: true,
        },
        'node_modules/@c/d/node_modules/b': { version: '3.0.0', license: 'MIT', dev: true },
      },
    };
    const found = npmDependencies(lock, new Set(['@c/d']));
    expect(found.map(({ purl }) => purl)).toEqual([
      'pkg:npm/b@1.0.0',
      'pkg:npm/%40c/d@2.0.0',
      'pkg:npm/b@3.0.0',
    ]);
    expect(found[1].needs).toEqual(['pkg:npm/b@3.0.0']);
    expect(found.map(({ ships }) => ships)).toEqual([false, true, true]);
    expect(found[0].hash).toEqual({ alg: 'SHA-512', content: '000000' });
    const product = { name: 'pocketbit', version: '1.0.0', licence: 'MIT' };
    const once = JSON.stringify(sbomOf(product, found));
    expect(JSON.stringify(sbomOf(product, npmDependencies(lock, new Set(['@c/d']))))).toBe(once);
    expect(once).toMatch(/"serialNumber":"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/);
  });

  it('takes what crates are compiled in for what ships, not what compiles them', () => {
    const crate = (name) => ({
      id: name,
      name,
      version: '1.0.0',
      license: 'MIT/Apache-2.0',
      source: 'r',
      targets: [{ kind: [name === 'c' ? 'proc-macro' : 'lib'] }],
    });
    const node = (id, deps) => ({
      id,
      dependencies: deps.map(([pkg]) => pkg),
      deps: deps.map(([pkg, kind]) => ({ pkg, dep_kinds: [{ kind }] })),
    });
    const metadata = {
      packages: [{ ...crate('pocketbit-wasm'), source: null }, crate('a'), crate('b'), crate('c')],
      resolve: {
        nodes: [
          node('pocketbit-wasm', [
            ['a', null],
            ['b', 'build'],
          ]),
          node('a', []),
          node('b', [['c', null]]),
          node('c', []),
        ],
      },
    };
    const found = crateDependencies(
      metadata,
      '[[package]]\nname = "a"\nversion = "1.0.0"\nchecksum = "ab"\n',
    );
    expect(found.map(({ name, ships }) => [name, ships])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
    expect(found[0].licence).toBe('MIT OR Apache-2.0');
    expect(found[2].needs).toEqual([]);
  });
});
