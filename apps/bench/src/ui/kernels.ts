import { html, nothing, type TemplateResult } from 'lit';
import type { KernelProfile } from 'pocketbit';

/** What each kernel does by itself, and which serves the model. */
export function kernels(profile: KernelProfile | null): TemplateResult | typeof nothing {
  if (!profile) return nothing;
  return html`${served(profile)} ${timings(profile)}`;
}

/** Matrices by family and kernels, with the bytes they take. */
function served({ tensors, by }: KernelProfile): TemplateResult {
  const groups = new Map<string, { count: number; bytes: number; cells: string[] }>();
  for (const { family, gemv, gemm, bytes } of tensors) {
    const cells = [family, gemv, gemm];
    const group = groups.get(cells.join()) ?? { count: 0, bytes: 0, cells };
    groups.set(cells.join(), { cells, count: group.count + 1, bytes: group.bytes + bytes });
  }
  const rows = [...groups.values()].map(({ cells, count, bytes }) => [
    ...cells,
    String(count),
    (bytes / 1e6).toFixed(2),
  ]);
  const why = {
    forced: 'chosen by name',
    timings: 'chosen by timing them here',
    default: "the engine's own order",
  };
  return table(`Which kernel serves the weights, ${why[by]}`, [
    ['weights', 'for a token', 'for a prompt', 'matrices', 'MB'],
    ...rows,
  ]);
}

function timings({ timings: timed }: KernelProfile): TemplateResult | typeof nothing {
  if (timed.length === 0) return nothing;
  const rows = timed.map(({ family, kernel, rows, k, tokens, gmacs, gbs }) => [
    `${family} ${kernel}`,
    `${rows} × ${k}`,
    String(tokens),
    gmacs.toFixed(1),
    gbs.toFixed(2),
  ]);
  return table('Each kernel by itself', [
    ['kernel', 'rows × K', 'tokens', 'GMAC/s', 'GB/s'],
    ...rows,
  ]);
}

/** The first row is the head; columns after the first hold numbers where the head's last ones do. */
function table(caption: string, [head, ...rows]: string[][]): TemplateResult {
  const number = (i: number) => (i > 2 ? 'number' : '');
  return html`<section class="panel">
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            ${head!.map((cell, i) => html`<th scope="col" class=${number(i)}>${cell}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (cells) =>
              html`<tr>
                ${cells.map((cell, i) =>
                  i === 0
                    ? html`<th scope="row">${cell}</th>`
                    : html`<td class=${number(i)}>${cell}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
