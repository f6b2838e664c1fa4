import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { portableAssets } from '../../scripts/vite/portable-assets.ts';
import { shared } from '../../vite.config.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  ...shared,
  root: import.meta.dirname,
  plugins: [portableAssets()],
  build: {
    ...shared.build,
    lib: {
      entry: {
        'pocketbit-embed': file('src/index.ts'),
        worker: file('../web/src/worker/index.ts'),
      },
      formats: ['es'],
    },
    rolldownOptions: {
      output: { chunkFileNames: '[name].js', entryFileNames: '[name].js' },
    },
  },
});
