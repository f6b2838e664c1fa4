import { defineConfig } from 'vite';
import { portableAssets } from '../../scripts/vite/portable-assets.ts';
import { terser } from '../../scripts/vite/terser.ts';
import { shared } from '../../vite.config.ts';

export default defineConfig({
  ...shared,
  root: import.meta.dirname,
  plugins: [portableAssets(), terser()],
  build: {
    ...shared.build,
    lib: {
      entry: { index: 'src/index.ts', worker: 'src/worker/index.ts' },
      formats: ['es'],
    },
    rolldownOptions: {
      // Vite leaves white space in libraries, for the sake of annotations that this one does not need.
      output: {
        chunkFileNames: '[name].js',
        entryFileNames: '[name].js',
        minify: true,
        // What page and worker share is one file: small ones compress badly.
        advancedChunks: { groups: [{ name: 'shared', minShareCount: 2 }] },
      },
    },
  },
});
