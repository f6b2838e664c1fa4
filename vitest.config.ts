import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['pocketbit-source'] },
  ssr: { resolve: { conditions: ['pocketbit-source'] } },
  test: {
    include: ['{packages,apps,training,scripts,tools}/**/*.test.{ts,mjs}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
});
