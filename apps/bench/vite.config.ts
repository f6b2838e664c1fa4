import { defineConfig, mergeConfig } from 'vite';
import { contentSecurityPolicy } from '../../scripts/vite/policy.ts';
import { shared } from '../../vite.config.ts';

/** Built for a folder beside the assistant, whose models it loads by default. */
export default defineConfig(
  mergeConfig(shared, {
    root: import.meta.dirname,
    base: './',
    server: { host: '127.0.0.1' },
    plugins: [contentSecurityPolicy()],
  }),
);
