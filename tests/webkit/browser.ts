// WebKitGTK through WebKitWebDriver and selenium-webdriver, on a virtual screen, with a profile that lasts.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Builder } from 'selenium-webdriver';
import type { TestBrowser, Window } from '../drivers/browser.ts';
import { endProcess } from '../drivers/process.ts';
import { type Recorder, startRecorder } from '../support/recorder.ts';
import { WebDriverWindow } from './window.ts';

const DRIVER = '/usr/bin/WebKitWebDriver';
const HOST = join(import.meta.dirname, 'host.py');

/** Why the journey cannot run here; null where it can. */
export function missingParts(): string | null {
  const missing = [DRIVER, '/usr/bin/Xvfb', '/usr/bin/python3'].filter((path) => !existsSync(path));
  return missing.length === 0
    ? null
    : `${missing.join(', ')} not found; \`npm run setup\` installs WebKitGTK on Debian`;
}

/** The virtual screen, the driver and one profile. */
export class WebKit implements TestBrowser {
  readonly name = 'WebKitGTK';
  /** WebKitGTK 2.50 has no relaxed SIMD, nor has Safari before 27.3. */
  readonly artifacts = ['scalar', 'simd128'] as const;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pocketbit-webkit-'));
  readonly #children: ChildProcess[] = [];
  #port = 0;
  #recorder: Recorder | undefined;

  /** `quotaBytes` is what an origin may store. */
  static async start({ quotaBytes }: { quotaBytes?: number } = {}): Promise<WebKit> {
    const webkit = new WebKit();
    webkit.#recorder = await startRecorder();
    const display = await webkit.#startScreen();
    await webkit.#startDriver(display, quotaBytes ? { POCKETBIT_QUOTA: String(quotaBytes) } : {});
    return webkit;
  }

  async open(): Promise<Window> {
    const driver = await new Builder()
      .disableEnvironmentOverrides()
      .usingServer(`http://127.0.0.1:${this.#port}`)
      .withCapabilities({
        browserName: 'pocketbit-host',
        'webkitgtk:browserOptions': { binary: HOST, args: ['--automation'] },
      })
      .build();
    return new WebDriverWindow(driver);
  }

  foreignRequests(): string[] {
    return this.#recorder!.pageRequests();
  }

  async stop(): Promise<void> {
    await this.#recorder?.close();
    for (const child of this.#children.reverse()) await endProcess(child);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #startScreen(): Promise<string> {
    const options = ['-displayfd', '3', '-screen', '0', '1280x1000x24', '-nolisten', 'tcp'];
    const child = spawn('/usr/bin/Xvfb', options, {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    this.#children.push(child);
    const [number] = (await once(child.stdio[3]!, 'data')) as [Buffer];
    return `:${number.toString().trim()}`;
  }

  async #startDriver(display: string, more: NodeJS.ProcessEnv): Promise<void> {
    this.#port = await freePort();
    const runtime = join(this.#folder, 'runtime');
    mkdirSync(runtime);
    chmodSync(runtime, 0o700);
    const env = {
      ...process.env,
      ...more,
      DISPLAY: display,
      GDK_BACKEND: 'x11',
      LIBGL_ALWAYS_SOFTWARE: '1',
      NO_AT_BRIDGE: '1',
      XDG_RUNTIME_DIR: runtime,
      POCKETBIT_PROFILE: join(this.#folder, 'profile'),
      POCKETBIT_PROXY: `http://127.0.0.1:${this.#recorder!.port}`,
    };
    this.#children.push(spawn(DRIVER, [`--port=${this.#port}`], { env, stdio: 'ignore' }));
    await answering(this.#port);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? address!.port : 0;
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/status`).then(
      () => true,
      () => false,
    );
    if (up) return;
    await sleep(100);
  }
  throw new Error('WebKitWebDriver did not start within 10 s');
}
