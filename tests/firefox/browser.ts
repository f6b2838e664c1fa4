// Firefox, headless, through WebDriver BiDi, which it speaks without a driver; with a profile that lasts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findFirefox } from '../../scripts/lib/browsers.mjs';
import { must } from '../../scripts/lib/run.mjs';
import type { Artifact } from '../../tools/lib/engine.ts';
import type { TestBrowser } from '../drivers/browser.ts';
import { endProcess } from '../drivers/process.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import { BiDi } from './bidi.ts';
import { BiDiWindow } from './window.ts';

/** Firefox has relaxed SIMD switched on since this version. */
const RELAXED_SINCE = 145;
const START_MS = 60_000;

/** Why the journey cannot run here; null where it can. */
export function missingParts(): string | null {
  return findFirefox() ? null : 'Firefox not found; name it in the variable FIREFOX';
}

/** One profile of an installed Firefox. */
export class Firefox implements TestBrowser {
  readonly name: string;
  readonly artifacts: readonly Artifact[];
  readonly #executable: string;
  readonly #recorder: Recorder;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pocketbit-firefox-'));

  private constructor(executable: string, version: string, recorder: Recorder, direct: boolean) {
    this.#executable = executable;
    this.#recorder = recorder;
    this.name = version;
    const relaxed = Number(/(\d+)\./.exec(version)?.[1]) >= RELAXED_SINCE;
    this.artifacts = relaxed ? ['scalar', 'simd128', 'relaxed'] : ['scalar', 'simd128'];
    mkdirSync(this.#profile);
    writeFileSync(join(this.#profile, 'user.js'), preferences(recorder.port, direct));
  }

  /** One that is `direct` asks every host itself, instead of the recorder that refuses all but 127.0.0.1. */
  static async start({ direct = false } = {}): Promise<Firefox> {
    const executable = findFirefox();
    if (!executable) throw new Error(missingParts()!);
    const { stdout } = await must(executable, ['--version'], { show: false });
    return new Firefox(executable, stdout.trim(), await startRecorder(), direct);
  }

  async open(): Promise<BiDiWindow> {
    const child = this.#spawn();
    try {
      const bidi = await BiDi.connect(await addressOf(child));
      await bidi.send('session.new', { capabilities: {} });
      return await BiDiWindow.first(bidi, () => quit(bidi, child));
    } catch (error) {
      await endProcess(child);
      throw error;
    }
  }

  foreignRequests(): string[] {
    return this.#recorder.pageRequests();
  }

  async stop(): Promise<void> {
    await this.#recorder.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #profile(): string {
    return join(this.#folder, 'profile');
  }

  #spawn(): ChildProcess {
    const options = ['--headless', '--no-remote', '--remote-debugging-port', '0'];
    // A home of its own: Firefox writes caches and lists of profiles there.
    const env = { ...process.env, HOME: this.#folder, MOZ_CRASHREPORTER_DISABLE: '1' };
    const args = [...options, '--profile', this.#profile];
    return spawn(this.#executable, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** The address that a starting Firefox prints. */
async function addressOf(child: ChildProcess): Promise<string> {
  const signal = AbortSignal.timeout(START_MS);
  const lines = createInterface(child.stderr!);
  for (;;) {
    const [line] = (await once(lines, 'line', { signal })) as [string];
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1];
    if (address) return address;
  }
}

async function quit(bidi: BiDi, child: ChildProcess): Promise<void> {
  const gone = child.exitCode === null ? once(child, 'exit') : null;
  // The browser may be gone before it answers.
  await bidi.send('browser.close', {}).catch(() => {});
  await gone;
}

/** Nothing leaves but through the recorder, and persistent storage is granted without a question. */
function preferences(proxyPort: number, direct: boolean): string {
  const wanted = {
    'network.proxy.type': direct ? 0 : 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': proxyPort,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': proxyPort,
    'dom.storageManager.prompt.testing': true,
    'dom.storageManager.prompt.testing.allow': true,
  };
  const lines = Object.entries(wanted).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  return `${lines.join('\n')}\n`;
}
