import { defineConfig } from 'vite';
import { portableAssets } from '../../scripts/vite/portable-assets.ts';
import { shared } from '../../vite.config.ts';

export default defineConfig({
  ...shared,
  root: import.meta.dirname,
  plugins: [portableAssets()],
  build: {
    ...shared.build,
    lib: {
      entry: { index: 'src/index.ts', worker: 'src/worker/index.ts' },
      formats: ['es'],
    },
    rolldownOptions: {
      // Vite leaves white space in libraries, for the sake of annotations that this one does not need.
      output: { chunkFileNames: '[name].js', entryFileNames: '[name].js', minify: true },
    },
  },
});
