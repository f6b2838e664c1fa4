import { html, nothing, type TemplateResult } from 'lit';
import type { KernelProfile } from 'pocketbit';

/** What each kernel does by itself, and which serves the model. */
export function kernels(profile: KernelProfile | null): TemplateResult | typeof nothing {
  if (!profile) return nothing;
  return html`${served(profile)} ${timings(profile)}`;
}

/** Matrices by family and kernels, with the bytes they take. */
function served({ tensors, by }: KernelProfile): TemplateResult {
  const groups = new Map<string, { count: number; bytes: number }>();
  for (const { family, gemv, gemm, bytes } of tensors) {
    const name = `${family}\t${gemv} / ${gemm}`;
    const group = groups.get(name) ?? { count: 0, bytes: 0 };
    groups.set(name, { count: group.count + 1, bytes: group.bytes + bytes });
  }
  const rows = [...groups].map(([name, { count, bytes }]) => {
    const [family, kernels] = name.split('\t') as [string, string];
    return [`${family} × ${count}`, kernels, (bytes / 1e6).toFixed(2)];
  });
  const why = {
    forced: 'Chosen by name.',
    timings: 'Chosen by timing them in this browser.',
    default: "The engine's own order.",
  };
  return table('Kernels of the weights', why[by], [['weights', 'token / prompt', 'MB'], ...rows]);
}

function timings({ timings: timed }: KernelProfile): TemplateResult | typeof nothing {
  if (timed.length === 0) return nothing;
  const rows = timed.map(({ family, kernel, rows, k, tokens, gmacs, gbs }) => [
    `${family} ${kernel}`,
    `${rows} × ${k}${tokens > 1 ? ` × ${tokens}` : ''}`,
    gmacs.toFixed(1),
    gbs.toFixed(2),
  ]);
  const note = 'Rows × K × tokens, 10⁹ multiply-adds a second, 10⁹ bytes of weights a second.';
  return table('Each kernel by itself', note, [['kernel', 'shape', 'GMAC/s', 'GB/s'], ...rows]);
}

/** The first row is the head; the first two columns hold names. */
function table(title: string, note: string, [head, ...rows]: string[][]): TemplateResult {
  const number = (i: number) => (i > 1 ? 'number' : '');
  const line = (cells: string[]) =>
    html`<tr>
      ${cells.map((cell, i) =>
        i === 0 ? html`<th scope="row">${cell}</th>` : html`<td class=${number(i)}>${cell}</td>`,
      )}
    </tr>`;
  return html`<section class="panel">
    <h2>${title}</h2>
    <div class="scroll" tabindex="0" role="region" aria-label=${title}>
      <table>
        <thead>
          <tr>
            ${head!.map((cell, i) => html`<th scope="col" class=${number(i)}>${cell}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(line)}
        </tbody>
      </table>
    </div>
    <p class="caption">${note}</p>
  </section>`;
}
