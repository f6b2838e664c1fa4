import { defineConfig } from 'vitest/config';

/** What every build here shares: packages resolve to their sources, workers are modules, nothing is inlined. */
export const shared = {
  resolve: { conditions: ['pocketbit-source', 'module', 'browser', 'development|production'] },
  worker: { format: 'es' as const },
  build: { target: 'es2022', assetsInlineLimit: 0 },
};

/** For the tests of units, which run the sources in Node. */
export default defineConfig({
  resolve: { conditions: ['pocketbit-source'] },
  ssr: { resolve: { conditions: ['pocketbit-source'] } },
  test: {
    include: ['{packages,apps,training,scripts,tools}/**/*.test.{ts,mjs}'],
    testTimeout: 30_000,
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
});
