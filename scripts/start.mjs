// Set-up, build, and the assistant on 127.0.0.1: `npm start`. PORT chooses the port; else 4173 or the next free one.
import { join } from 'node:path';
import { main, must, root } from './lib/run.mjs';

const script = (name, ...args) =>
  must(process.execPath, [join(root, `scripts/${name}.mjs`), ...args]);

await main(async () => {
  await script('setup', '--for', 'start');
  await script('build', 'packages/web', 'packages/embed', 'apps/bench', 'apps/assistant');
  // Imported here, since set-up may only now have installed it.
  const { preview } = await import('vite');
  const port = Number(process.env.PORT ?? 4173);
  const server = await preview({
    root: join(root, 'apps/assistant'),
    logLevel: 'warn',
    preview: { host: '127.0.0.1', port, strictPort: Boolean(process.env.PORT) },
  });
  console.log(`Pocketbit answers at http://127.0.0.1:${server.httpServer.address().port}/`);
});
