import { readdirSync, readFileSync } from 'node:fs';
import type { Plugin } from 'vite';
import { CSP } from './csp.ts';

const BUILT = new URL('../../packages/embed/dist/', import.meta.url);
const DEMO = new URL('../../packages/embed/demo/', import.meta.url);

/** Serves the built embed and its plain demonstration page beside the assistant, at /embed.html. */
export function embed(): Plugin {
  return {
    name: 'embed',
    apply: 'build',
    generateBundle() {
      const policy = `<meta http-equiv="Content-Security-Policy" content="${CSP}" />`;
      const page = readFileSync(new URL('embed.html', DEMO), 'utf8').replace(
        '<head>',
        `<head>\n    ${policy}`,
      );
      this.emitFile({ type: 'asset', fileName: 'embed.html', source: page });
      const style = readFileSync(new URL('page.css', DEMO));
      this.emitFile({ type: 'asset', fileName: 'embed/page.css', source: style });
      for (const name of builtFiles()) {
        const source = readFileSync(new URL(name, BUILT));
        this.emitFile({ type: 'asset', fileName: `embed/${name}`, source });
      }
    },
  };
}

function builtFiles(): string[] {
  try {
    return readdirSync(BUILT).filter((name) => /\.(js|wasm)$/.test(name));
  } catch (cause) {
    throw new Error('packages/embed is not built: run `npm run build -w @pocketbit/embed` first', {
      cause,
    });
  }
}
