// The test site with the shim in it: before workers, before the service worker, and for pages as an init script. What it
// serves of the product is the product's, byte for byte; only the service worker's own script gets the shim in front.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'vite';
import { CSP } from '../../scripts/vite/csp.ts';
import { assistantBuild, cacheFolder, root } from '../../tests/support/paths.ts';
import { listening, siteHere } from '../../tests/support/serve.ts';
import { shared } from '../../vite.config.ts';
import { DELAY_MS, type Fault, type Report, type Setup } from './shim/fault.ts';

/** An update of the assistant: the same but for its index.html. */
export const updatedBuild = join(cacheFolder, 'robust/updated');
const assistantFolder = join(root, 'apps/assistant');
const shimBuild = join(cacheFolder, 'robust/shim');

/** Builds the shim, and returns it. */
export async function buildShim(): Promise<string> {
  const entry = join(import.meta.dirname, 'shim/index.ts');
  const lib = { entry, formats: ['iife' as const], name: 'inject', fileName: () => 'shim.js' };
  await build({
    ...shared,
    configFile: false,
    logLevel: 'warn',
    build: { ...shared.build, outDir: shimBuild, lib, emptyOutDir: false },
  });
  return readFileSync(join(shimBuild, 'shim.js'), 'utf8');
}

/** Builds the assistant as its next version, for an update, as its own build does. */
export async function buildUpdate(): Promise<void> {
  const config = join(cacheFolder, 'robust/next.config.mjs');
  mkdirSync(join(config, '..'), { recursive: true });
  writeFileSync(
    config,
    `import own from ${JSON.stringify(join(assistantFolder, 'vite.config.ts'))};
    const mark = (html) => html.replace('</head>', '<meta name="next" content="2"></head>');
    export default { ...own, plugins: [...own.plugins, { name: 'next', transformIndexHtml: mark }] };`,
  );
  const command = [join(root, 'node_modules/.bin/vite'), 'build', '--config', config];
  const { status, stderr } = spawnSync(
    process.execPath,
    [...command, '--outDir', updatedBuild, '--emptyOutDir', '--logLevel', 'warn'],
    { cwd: assistantFolder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`the next version was not built: ${stderr}`);
}

/** What a run has told so far. */
export interface Told {
  /** Calls by realm and kind. */
  readonly counts: Map<string, Record<string, number>>;
  readonly unhandled: string[];
  /** Where the fault was met. */
  hit: string | null;
}

/** A site for one run at a time. */
export class InjectingSite {
  readonly url: string;
  readonly close: () => Promise<void>;
  fault: Fault | null = null;
  told: Told = { counts: new Map(), unhandled: [], hit: null };
  /** Whether nothing but the shim's own addresses is answered. */
  down = false;
  /** Whether the next version of the assistant is served. */
  updated = false;
  readonly shim: string;

  private constructor(url: string, close: () => Promise<void>, shim: string) {
    this.url = `${url}/`;
    this.close = close;
    this.shim = shim;
  }

  static async start(shim: string, mounts: Record<string, string> = {}): Promise<InjectingSite> {
    const sites = [siteHere({ mounts }), siteHere({ mounts: { ...mounts, '/': updatedBuild } })];
    const server: Server = createServer((request, response) => {
      site.#answer(request, response, sites[site.updated ? 1 : 0]!).catch(() => response.destroy());
    });
    const { url, close } = await listening(server);
    const site = new InjectingSite(url, close, shim);
    return site;
  }

  /** Begins a run. */
  begin(fault: Fault | null): void {
    this.fault = fault;
    this.told = { counts: new Map(), unhandled: [], hit: null };
    this.down = false;
    this.updated = false;
  }

  /** What a page runs before everything else; its name tells its visits apart. */
  initScript(page: string): string {
    const fault = JSON.stringify(this.fault);
    return `(() => {
      const frame = window === top ? '' : 'f';
      const visit = Number(/#(\\d+)$/.exec(window.name)?.[1] ?? 0) + 1;
      window.name = 'inject#' + visit;
      globalThis.pocketbitInject = { realm: '${page}' + frame + visit, fault: ${fault} };
      ${this.shim}
    })()`;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    site: ReturnType<typeof siteHere>,
  ): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, this.url);
    if (pathname === '/inject/report') return this.#take(request, response);
    if (pathname === '/inject/fault') {
      const fault = this.told.hit ? null : this.fault;
      return void response.setHeader('content-type', 'application/json').end(JSON.stringify(fault));
    }
    if (pathname === '/inject/shim.js') return script(response, this.shim);
    if (this.down) return void response.destroy();
    if (pathname === '/inject/setup.js')
      return script(response, setupOf(searchParams.get('setup')!));
    if (pathname === '/inject/worker.js') return workerScript(response, searchParams);
    if (pathname === '/sw.js') return this.#serviceWorker(response);
    site(request, response);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    response.writeHead(204).end();
    const report = JSON.parse(Buffer.concat(parts).toString()) as Report;
    const { counts, unhandled } = this.told;
    if (report.type === 'counts') counts.set(report.realm, report.counts);
    if (report.type === 'hit') this.told.hit = `${report.realm}: ${report.stack}`;
    // A service worker fails an event by a promise that rejects: that is its answer.
    if (report.type === 'unhandled' && report.realm !== 'sw')
      unhandled.push(`${report.realm}: ${report.message}`);
  }

  #serviceWorker(response: ServerResponse): void {
    const folder = this.updated ? updatedBuild : assistantBuild;
    const setup = JSON.stringify({ realm: 'sw', fault: null, ask: true } satisfies Setup);
    const own = readFileSync(join(folder, 'sw.js'), 'utf8');
    script(response, `${setupOf(setup)}\n${this.shim};\n${own}`);
  }
}

/** A worker's script with the shim before it: static imports run in their order, before a message is taken. */
async function workerScript(response: ServerResponse, query: URLSearchParams): Promise<void> {
  const mode = query.get('mode');
  if (mode === 'missing') return void response.writeHead(404).end();
  if (mode === 'delay') await sleep(DELAY_MS);
  const setup = `/inject/setup.js?${new URLSearchParams({ setup: query.get('setup')! })}`;
  const imports = [setup, '/inject/shim.js', query.get('for')!];
  script(response, imports.map((url) => `import ${JSON.stringify(url)};`).join('\n'));
}

const setupOf = (setup: string) => `globalThis.pocketbitInject = ${setup};`;

function script(response: ServerResponse, text: string): void {
  const headers = { 'content-security-policy': CSP, 'cache-control': 'no-cache' };
  response.writeHead(200, { 'content-type': 'text/javascript', ...headers }).end(text);
}
