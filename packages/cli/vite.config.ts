import { defineConfig } from 'vite';

// One file with everything in it: `npx pocketbit` starts without resolving a workspace.
export default defineConfig({
  resolve: { conditions: ['pocketbit-source'] },
  ssr: { noExternal: true },
  build: {
    ssr: 'src/cli.ts',
    outDir: 'dist',
    target: 'node20',
    rolldownOptions: { output: { entryFileNames: 'cli.js' } },
  },
});
