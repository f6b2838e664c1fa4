import { defineConfig } from 'vitest/config';

/** What every build here shares: packages resolve to their sources, workers are modules, nothing is inlined. */
export const shared = {
  resolve: { conditions: ['pocketbit-source', 'module', 'browser', 'development|production'] },
  worker: { format: 'es' as const },
  build: { target: 'es2022', assetsInlineLimit: 0 },
};

export default defineConfig({
  ...shared,
  test: {
    include: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'training/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
});
