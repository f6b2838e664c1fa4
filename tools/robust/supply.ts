import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workflowProblems } from '../../scripts/checks/supply.mjs';
import { allDependencies, workflows } from '../../scripts/lib/dependencies.mjs';
import { licenceProblems } from '../../scripts/lib/licences.mjs';
import { root, run } from '../../scripts/lib/run.mjs';
import { rustEnvironment, toolFolder, withPath } from '../../scripts/lib/rust.mjs';
import type { Figure } from '../lib/report.ts';
import type { Part } from './cargo.ts';

const MANIFESTS = ['Cargo.toml', 'fuzz/Cargo.toml'];
const ASK_MS = 60_000;

/** Licences and workflows, by what is here. */
export async function supply(): Promise<Part> {
  const [dependencies, files] = [await allDependencies(), workflows()];
  const licences = licenceProblems(dependencies);
  const loose = files.flatMap(workflowProblems);
  return {
    figures: [
      figure('licences of npm packages and crates', licences, `${dependencies.length} looked at`),
      figure('GitHub Actions by commit, reading only', loose, `${files.length} files`),
    ],
  };
}

function figure(label: string, problems: readonly string[], good: string): Figure {
  const value = problems.length === 0 ? `${good}, 0 breaches` : problems.join('\n');
  return { label, value, target: '0 breaches', pass: problems.length === 0 };
}

/** cargo-deny, with advisories where RustSec's database can be had. */
export async function cargoDeny(): Promise<Part> {
  const env = withPath([join(toolFolder('cargo-deny'), 'bin')], await rustEnvironment());
  const deny = (args: string[]) => run('cargo', ['deny', ...args], { env, timeoutMs: ASK_MS });
  const { code, stdout } = await deny(['--version']);
  if (code !== 0) {
    const how = `cargo install --locked cargo-deny --root ${toolFolder('cargo-deny')}`;
    return { figures: [], missing: [`cargo-deny is not installed (${how}, five minutes)`] };
  }
  const figures: Figure[] = [];
  const missing: string[] = [];
  for (const manifest of MANIFESTS) {
    const check = (...what: string[]) =>
      deny(['--manifest-path', manifest, '--config', 'deny.toml', 'check', ...what]);
    const own = await check('licenses', 'bans', 'sources');
    figures.push(verdict(`${stdout.trim()}, ${manifest}: licences, bans, sources`, own));
    const known = await check('advisories');
    if (
      /failed to fetch|unable to (fetch|connect)|Could not resolve|fetching|git/i.test(
        known.output,
      ) &&
      known.code !== 0
    )
      missing.push(`RustSec's advisories for ${manifest}: github.com does not answer here`);
    else figures.push(verdict(`${manifest}: advisories`, known));
  }
  return { figures, missing };
}

function verdict(label: string, { code, output }: { code: number; output: string }): Figure {
  const value = code === 0 ? 'ok' : output.trim();
  return { label, value, target: 'ok', pass: code === 0 };
}

/** What npm's registry and PyPI know against what ships and what trains. */
export async function advisories(): Promise<Part> {
  const parts = await Promise.all([npmAudit(), pythonAdvisories()]);
  return {
    figures: parts.flatMap(({ figures }) => figures),
    missing: parts.flatMap(({ missing = [] }) => missing),
  };
}

async function npmAudit(): Promise<Part> {
  const args = ['audit', '--json', '--audit-level=high'];
  const { stdout } = await run('npm', args, { timeoutMs: ASK_MS });
  const answer = parsed(stdout) as { metadata?: { vulnerabilities?: Record<string, number> } };
  const counts = answer?.metadata?.vulnerabilities;
  if (!counts) return { figures: [], missing: ['npm audit: this registry answers no advisories'] };
  const { high = 0, critical = 0, total = 0 } = counts;
  return {
    figures: [
      {
        label: 'npm audit',
        value: `${total} advisories, ${high + critical} of them high or critical`,
        target: '0 high or critical',
        pass: high + critical === 0,
      },
    ],
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** PyPI's JSON of a release lists what is known against it. */
async function pythonAdvisories(): Promise<Part> {
  const file = join(root, 'training/requirements.txt');
  const pins = existsSync(file)
    ? readFileSync(file, 'utf8').matchAll(/^([\w.-]+)==([\w.]+)/gm)
    : [];
  const lists = await Promise.all([...pins].map(([, name, version]) => knownOf(name!, version!)));
  if (lists.includes(null))
    return { figures: [], missing: ['PyPI: its JSON of the pinned releases does not answer here'] };
  const ids = lists.flatMap((list) => list ?? []);
  return { figures: [figure('PyPI advisories of the trainer', ids, `${lists.length} releases`)] };
}

async function knownOf(name: string, version: string): Promise<string[] | null> {
  try {
    const answer = await fetch(`https://pypi.org/pypi/${name}/${version}/json`, {
      signal: AbortSignal.timeout(ASK_MS),
    });
    const { vulnerabilities = [] } = (await answer.json()) as {
      vulnerabilities?: { id: string; withdrawn: string | null }[];
    };
    return vulnerabilities.filter(({ withdrawn }) => !withdrawn).map(({ id }) => `${name} ${id}`);
  } catch {
    return null;
  }
}
