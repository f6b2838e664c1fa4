import { defineConfig } from 'vitest/config';

/** What every build here shares: packages resolve to their sources, workers are modules, nothing is inlined. */
export const shared = {
  resolve: { conditions: ['pocketbit-source', 'module', 'browser', 'development|production'] },
  worker: { format: 'es' as const },
  build: { target: 'es2022', assetsInlineLimit: 0 },
};

/** The page may load and run only what its own origin serves, and send nothing anywhere else. */
export const CSP = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export default defineConfig({
  ...shared,
  test: {
    include: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'training/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
  },
});
