import { existsSync, readFileSync } from 'node:fs';
import { must, run } from '../lib/run.mjs';

/**
 * How to call apt-get here without asking anyone: as root, or on a CI runner by passwordless sudo; null elsewhere.
 * @returns {string[] | null}
 */
export function aptCommand() {
  if (!existsSync('/usr/bin/apt-get')) return null;
  if (process.getuid?.() === 0) return ['apt-get'];
  if (process.env.CI && existsSync('/usr/bin/sudo')) return ['sudo', '-n', 'apt-get'];
  return null;
}

/** Whether this is Debian itself; Ubuntu's Firefox is a snap and no package. */
export function isDebian() {
  const release = '/etc/os-release';
  return existsSync(release) && /^ID=debian$/m.test(readFileSync(release, 'utf8'));
}

/** The packages among `names` that dpkg does not have installed. */
export async function missingPackages(names) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const format = '-f=${Package} ${db:Status-Status}\n';
  const { stdout } = await run('dpkg-query', ['-W', format, ...names]);
  const installed = new Set();
  for (const line of stdout.split('\n')) {
    const [name, status] = line.split(' ');
    if (status === 'installed') installed.add(name);
  }
  return names.filter((name) => !installed.has(name));
}

/** Installs what is missing; throws when apt-get cannot. */
export async function aptInstall(names) {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  const apt = aptCommand();
  if (!apt) throw new Error(`Debian packages are missing: ${missing.join(' ')}`);
  console.log(`  apt-get install ${missing.join(' ')}`);
  const [command, ...prefix] = apt;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run(command, [...prefix, 'update', '-qq'], { env });
  const options = [
    'install',
    '-y',
    '-qq',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=300',
  ];
  await must(command, [...prefix, ...options, ...missing], { env, show: false });
}
