import { join } from 'node:path';
import { defineConfig, mergeConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { benchPage } from '../../scripts/vite/bench-page.ts';
import { CSP } from '../../scripts/vite/csp.ts';
import { embed } from '../../scripts/vite/embed.ts';
import { contentSecurityPolicy } from '../../scripts/vite/policy.ts';
import { provenFiles } from '../../scripts/vite/proven-files.ts';
import { shared } from '../../vite.config.ts';

const manifest = {
  name: 'Pocketbit',
  short_name: 'Pocketbit',
  description: 'A tiny assistant that runs in your browser, offline.',
  id: './',
  start_url: './',
  display: 'standalone' as const,
  background_color: '#f6f4ef',
  theme_color: '#f6f4ef',
  icons: [
    { src: 'icons/icon-192.png', sizes: '192x192', type: 'image/png' },
    { src: 'icons/icon-512.png', sizes: '512x512', type: 'image/png' },
    {
      src: 'icons/maskable-512.png',
      sizes: '512x512',
      type: 'image/png',
      purpose: 'maskable' as const,
    },
  ],
};

export default defineConfig(
  mergeConfig(shared, {
    root: import.meta.dirname,
    base: './',
    // A file that is not there is 404, not the app's page.
    appType: 'mpa',
    preview: {
      host: '127.0.0.1',
      headers: { 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' },
    },
    server: { host: '127.0.0.1' },
    plugins: [
      contentSecurityPolicy(),
      embed(),
      benchPage(),
      VitePWA({
        strategies: 'injectManifest',
        srcDir: 'src/sw',
        filename: 'sw.ts',
        injectRegister: false,
        manifest,
        injectManifest: {
          globPatterns: ['**/*.{html,js,css,svg,png,wasm,webmanifest}'],
          globIgnores: ['embed/**', 'embed.html', 'bench/**', '**/sw.js'],
          manifestTransforms: [provenFiles(join(import.meta.dirname, 'dist'))],
        },
      }),
    ],
  }),
);
