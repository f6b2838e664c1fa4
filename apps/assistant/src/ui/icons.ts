import { html, svg, type TemplateResult } from 'lit';

/** A 24 x 24 line icon; decoration only, so hidden from assistive technology. */
function icon(paths: TemplateResult): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">${paths}</svg>`;
}

export const icons = {
  send: icon(svg`<path d="M12 19V5m0 0-6 6m6-6 6 6" />`),
  stop: icon(svg`<rect x="7" y="7" width="10" height="10" rx="2" class="solid" />`),
  timer: icon(svg`<circle cx="12" cy="13.5" r="7.5" /><path d="M12 9.5v4l2.5 2M9.5 2.5h5" />`),
  bell: icon(svg`<path d="M6 10a6 6 0 1 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7ZM10 20.5h4" />`),
  list: icon(
    svg`<path d="m4 6.5 1.5 1.5L8 5M11 6.5h9M4 13l1.5 1.5L8 11.5M11 13h9M11 19h9M5 19h2" />`,
  ),
  note: icon(
    svg`<path d="M6 3.5h12a1.5 1.5 0 0 1 1.5 1.5v9l-6 6.5H6A1.5 1.5 0 0 1 4.5 19V5A1.5 1.5 0 0 1 6 3.5ZM13.5 20v-6h6M8 8h8M8 12h4" />`,
  ),
  swap: icon(svg`<path d="M4 8.5h15m0 0-4-4m4 4M20 15.5H5m0 0 4 4m-4-4 4-4" />`),
  sum: icon(
    svg`<rect x="5" y="3" width="14" height="18" rx="2.5" /><path d="M8.5 7.5h7M8.5 12h.01M12 12h.01M15.5 12h.01M8.5 16h.01M12 16h.01M15.5 16h.01" />`,
  ),
  question: icon(
    svg`<circle cx="12" cy="12" r="8.5" /><path d="M9.5 9.5a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.1.9-1.1 1.7M12 16.5h.01" />`,
  ),
  alert: icon(svg`<path d="M12 4 2.8 19.5h18.4L12 4ZM12 10v4.5M12 17h.01" />`),
  pocket: icon(svg`<path d="M4.5 4.5h15v8a7.5 7.5 0 0 1-15 0v-8ZM4.5 8.5h15" />`),
  info: icon(
    svg`<rect x="6" y="6" width="12" height="12" rx="3" /><path d="M9.5 2.5V6m5-3.5V6m-5 12v3.5m5-3.5v3.5M2.5 9.5H6m-3.5 5H6m12-5h3.5m-3.5 5h3.5" />`,
  ),
  close: icon(svg`<path d="m6 6 12 12M18 6 6 18" />`),
  trash: icon(svg`<path d="M5 6.5h14M9.5 6V4h5v2M7 6.5l.8 13h8.4l.8-13M10.5 10v6M13.5 10v6" />`),
};
