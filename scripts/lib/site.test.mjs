import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { siteHandler } from './site.mjs';

const folder = mkdtempSync(join(tmpdir(), 'pocketbit-site-'));
const BYTES = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
writeFileSync(join(folder, 'index.html'), '<p>here');
writeFileSync(join(folder, 'a.js'), 'x');
writeFileSync(join(folder, 'm.gguf'), BYTES);
const servers = [];

async function serve(options) {
  const server = createServer(siteHandler({ folders: { '/': folder }, ...options }));
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

let url;
beforeAll(async () => {
  url = await serve({ csp: "default-src 'self'", folders: { '/': folder, '/peer/': folder } });
});
afterAll(() => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

test('files go out whole and in ranges, with a strong validator', async () => {
  const whole = await fetch(`${url}/m.gguf`);
  expect(BYTES.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
  const etag = whole.headers.get('etag');
  expect(etag).toMatch(/^"/);
  expect(whole.headers.get('content-type')).toBe('application/octet-stream');
  expect(whole.headers.get('accept-ranges')).toBe('bytes');
  const part = await fetch(`${url}/m.gguf`, { headers: { range: 'bytes=1000-1999' } });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe('bytes 1000-1999/200000');
  expect(Buffer.from(await part.arrayBuffer())).toEqual(BYTES.subarray(1000, 2000));
  const rest = await fetch(`${url}/m.gguf`, { headers: { range: 'bytes=199000-' } });
  expect((await rest.arrayBuffer()).byteLength).toBe(1000);
  expect((await fetch(`${url}/m.gguf`, { headers: { range: 'bytes=200000-' } })).status).toBe(416);
  expect((await fetch(`${url}/m.gguf`, { headers: { 'if-none-match': etag } })).status).toBe(304);
  expect((await fetch(`${url}/m.gguf`, { method: 'HEAD' })).headers.get('content-length')).toBe(
    '200000',
  );
  expect((await fetch(`${url}/none`)).status).toBe(404);
  expect((await fetch(`${url}/%2e%2e/%2e%2e/etc/passwd`)).status).toBe(404);
});

test('pages have the policy, a foreign engine has none, and isolation where it is asked for', async () => {
  const page = await fetch(`${url}/`);
  expect(await page.text()).toBe('<p>here');
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('content-security-policy')).toBe("default-src 'self'");
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect((await fetch(`${url}/peer/`)).headers.get('content-security-policy')).toBeNull();
  const isolated = await fetch(`${await serve({ isolated: true })}/`);
  expect(isolated.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
});

test('a prelude stands before scripts alone', async () => {
  const taken = await serve({ prelude: 'delete self.y;\n' });
  expect(await (await fetch(`${taken}/a.js`)).text()).toBe('delete self.y;\nx');
  expect(await (await fetch(`${taken}/`)).text()).toBe('<p>here');
});

test('a file is held up after so many bytes, or comes at a pace', async () => {
  const held = (await fetch(`${url}/m.gguf?hold=1000`)).body.getReader();
  expect((await held.read()).value).toHaveLength(1000);
  const more = held.read().then(() => 'more');
  expect(await Promise.race([more, new Promise((done) => setTimeout(done, 100, 'held'))])).toBe(
    'held',
  );
  await held.cancel();
  const start = performance.now();
  await (await fetch(`${url}/m.gguf?rate=1000000`)).arrayBuffer();
  expect(performance.now() - start).toBeGreaterThan(100);
});

test('what is not there is 404 and no page, also where a page is asked for (fault 5)', async () => {
  for (const path of ['assets/gone.js', 'gone.css', 'gone.wasm', 'gone.gguf', 'gone/', 'gone']) {
    for (const accept of ['*/*', 'text/html']) {
      const answer = await fetch(`${url}/${path}`, { headers: { accept } });
      expect(answer.status, path).toBe(404);
      expect(answer.headers.get('content-type'), path).not.toContain('html');
    }
  }
});
