// The built assistant on a server whose answers a test changes: other bytes, a page for a file, another version.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { assistantBuild } from './paths.ts';
import { listening, type Site, siteHere } from './serve.ts';

/** What a server says in place of a file. */
export interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
  /** Requests that still get the file; 0 by default. */
  readonly after?: number;
}

export interface ShellSite extends Site {
  /** Answers by path without the leading slash; a file of the build goes out where there is none. */
  readonly answers: Map<string, Answer>;
  /** Paths asked for, in turn. */
  readonly asked: string[];
}

/** A captive portal: a page with status 200 for whatever is asked. */
export const PORTAL: Answer = {
  type: 'text/html',
  body: '<!doctype html><title>Sign in</title><h1>Welcome to the airport</h1>',
};

export async function startShellSite(): Promise<ShellSite> {
  const handle = siteHere();
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://127.0.0.1').pathname.slice(1);
    asked.push(path);
    const answer = answers.get(path) ?? answers.get('*');
    const times = asked.filter((other) => other === path).length;
    if (!answer || times <= (answer.after ?? 0)) return handle(request, response);
    const { status = 200, type = 'text/javascript', body } = answer;
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body);
  });
  const { url, close } = await listening(server);
  return { url: `${url}/`, kill: close, answers, asked };
}

/** A file of the build as text. */
export const built = (path: string) => readFileSync(join(assistantBuild, path), 'utf8');

/** The path of the one built file whose name begins and ends so. */
export function builtPath(start: string, end: string): string {
  const name = readdirSync(join(assistantBuild, 'assets')).find(
    (other) => other.startsWith(start) && other.endsWith(end),
  );
  return `assets/${name}`;
}

const hashOf = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** Puts a newer version of the app on the site: a page with another description, and the worker that keeps it. */
export function release(site: ShellSite, version: string): void {
  const page = built('index.html').replace(
    'A tiny assistant',
    `Version ${version}: a tiny assistant`,
  );
  const worker = built('sw.js').replace(hashOf(built('index.html')), hashOf(page));
  site.answers.set('index.html', { type: 'text/html', body: page });
  site.answers.set('', { type: 'text/html', body: page });
  site.answers.set('sw.js', { body: `${worker}\n// ${version}\n` });
}
