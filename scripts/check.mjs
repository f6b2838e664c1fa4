// Every static check: `node scripts/check.mjs [name…]`. Ends with `N passed, N failed`.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { circleProblems } from './checks/circles.mjs';
import { crateBreaches, scriptBreaches, unsafeBreaches } from './checks/imports.mjs';
import { measure } from './checks/numbers.mjs';
import { workflowProblems } from './checks/supply.mjs';
import { trackedBreaches } from './checks/tracked.mjs';
import { allDependencies, workflows } from './lib/dependencies.mjs';
import { licenceProblems } from './lib/licences.mjs';
import { duration, root, run } from './lib/run.mjs';
import { findLinters, rustEnvironment, wasmTarget } from './lib/rust.mjs';
import { sizeReport } from './lib/sizes.mjs';
import { readSources, trackedFiles } from './lib/sources.mjs';

const bin = (name) => join(root, 'node_modules/.bin', name);

/** A check resolves to its problems, none when it passes, and a note for the reader. */
async function program(command, args, env) {
  const { code, output } = await run(command, args, { env });
  return { problems: code === 0 ? [] : [output.trim()], note: '' };
}

/** Files that other projects build on, and the one that writes the package's declarations. */
const sharedProjects = /^tsconfig(\.base|\.package)?\.json$|\/tsconfig\.types\.json$/;

/** The references of a project and of those, to their ends. */
function referencesOf(path) {
  const { references = [] } = JSON.parse(readFileSync(join(root, path), 'utf8'));
  return references.flatMap(({ path: to }) => {
    const target = join(dirname(path), to);
    const file = target.endsWith('.json') ? target : join(target, 'tsconfig.json');
    return [file, ...referencesOf(file)];
  });
}

/** Every project that tsconfig.json refers to; one that it does not would go unchecked. */
async function checkTypes() {
  const referred = new Set(referencesOf('tsconfig.json'));
  const projects = (await trackedFiles()).filter((path) => /(^|\/)tsconfig[^/]*\.json$/.test(path));
  const left = projects.filter((path) => !referred.has(path) && !sharedProjects.test(path));
  const { problems } = await program(bin('tsc'), ['--build', '--force', '--pretty', 'false']);
  // Projects share sources, and so errors.
  const lines = new Set(problems.join('\n').split('\n').filter(Boolean));
  const missing = left.map((path) => `${path}: tsconfig.json does not refer to it`);
  return { problems: [...missing, ...lines], note: `${referred.size} projects` };
}

async function rustLinter(args, { wasm = false } = {}) {
  const linters = await findLinters();
  if (!linters)
    return { problems: ['rustfmt and clippy not found; run `npm run setup`'], note: '' };
  if (wasm && !linters.wasm)
    return { problems: [], note: `skipped: clippy's toolchain has no ${wasmTarget}` };
  return program('cargo', args, linters.env);
}

const denyWarnings = ['--', '-D', 'warnings'];

/** The SIMD sources exist only under their target features, so clippy must see each artifact's. */
async function clippyWasm() {
  const results = [];
  for (const features of ['-simd128', '+simd128', '+simd128,+relaxed-simd']) {
    const config = `target.${wasmTarget}.rustflags=["-Ctarget-feature=${features}"]`;
    const args = [
      'clippy',
      '--quiet',
      '--lib',
      '--target',
      wasmTarget,
      '-p',
      'pocketbit-wasm',
      '-p',
      'pocketbit-model',
    ];
    results.push(
      await rustLinter([...args, '-p', 'pocketbit-kernels', '--config', config, ...denyWarnings], {
        wasm: true,
      }),
    );
  }
  return { problems: results.flatMap(({ problems }) => problems), note: results[0].note };
}

async function checkScriptImports() {
  const { scripts } = await readSources();
  return {
    problems: scripts.flatMap((file) => scriptBreaches(file.path, file)),
    note: `${scripts.length} files`,
  };
}

async function checkCrates() {
  const env = await rustEnvironment();
  const { stdout } = await run(
    'cargo',
    ['metadata', '--format-version=1', '--no-deps', '--locked'],
    { env },
  );
  const { packages } = JSON.parse(stdout);
  return {
    problems: packages.flatMap(crateBreaches),
    note: packages.map(({ name }) => name).join(', '),
  };
}

async function checkUnsafe() {
  const { rust } = await readSources();
  const blocks = rust.flatMap(({ unsafes }) => unsafes).length;
  return {
    problems: rust.flatMap((file) => unsafeBreaches(file.path, file)),
    note: `${blocks} unsafe blocks`,
  };
}

async function checkNumbers() {
  const languages = Object.entries(await readSources()).map(([name, files]) => [
    name,
    measure(files),
  ]);
  const problems = languages.flatMap(([, result]) => result.problems);
  return { problems, note: languages.map(([name, { note }]) => `${name} ${note}`).join('; ') };
}

async function checkTracked() {
  const paths = await trackedFiles();
  return { problems: trackedBreaches(paths), note: `${paths.length} files` };
}

/** That workflows run what a commit names, and that no dependency has a licence that it may not have. */
async function checkSupply() {
  const [files, dependencies] = [workflows(), await allDependencies()];
  return {
    problems: [...files.flatMap(workflowProblems), ...licenceProblems(dependencies)],
    note: `${files.length} workflow files, ${dependencies.length} dependencies`,
  };
}

const checks = {
  types: checkTypes,
  biome: () => program(bin('biome'), ['ci', '--colors=off', '--error-on-warnings']),
  rustfmt: () => rustLinter(['fmt', '--all', '--check']),
  clippy: () =>
    rustLinter([
      'clippy',
      '--quiet',
      '--workspace',
      '--all-targets',
      '--all-features',
      ...denyWarnings,
    ]),
  'clippy-wasm': clippyWasm,
  imports: checkScriptImports,
  crates: checkCrates,
  circles: async () => circleProblems(await readSources()),
  unsafe: checkUnsafe,
  numbers: checkNumbers,
  sizes: sizeReport,
  tracked: checkTracked,
  supply: checkSupply,
};

async function runCheck(name) {
  const start = performance.now();
  const { problems, note } = await checks[name]().catch((error) => ({
    problems: [error.message],
    note: '',
  }));
  const time = duration(performance.now() - start);
  console.log(
    `${problems.length ? 'FAILED' : 'ok'} ${name} (${[note, time].filter(Boolean).join(', ')})`,
  );
  for (const problem of problems) console.log(problem.replace(/^/gm, '    '));
  return problems.length === 0;
}

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !checks[name]);
if (unknown.length)
  throw new Error(`no check ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
const names = chosen.length ? chosen : Object.keys(checks);
const results = [];
for (const name of names) results.push(await runCheck(name));
const passed = results.filter(Boolean).length;
console.log(`${passed} passed, ${results.length - passed} failed`);
if (passed < results.length) process.exitCode = 1;
