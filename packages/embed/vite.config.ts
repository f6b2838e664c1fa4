import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { shared } from '../../vite.config.ts';
import { portableAssets } from '../web/portable-assets.ts';

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
