import { LitElement } from 'lit';
import type { Assistant } from '../state/assistant.ts';

/**
 * An element that shows the assistant's state. It renders into the page itself, not a shadow root: one stylesheet,
 * which a strict content security policy allows, and labels that reach across parts.
 */
export class View extends LitElement {
  static override properties = { assistant: { attribute: false } };
  declare assistant: Assistant;
  #frame = 0;

  override createRenderRoot(): this {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.assistant.addEventListener('change', this.#onChange);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.assistant.removeEventListener('change', this.#onChange);
  }

  /** Tokens come faster than frames: one update a frame, and none is lost while the page is hidden. */
  readonly #onChange = () => {
    if (document.hidden) this.requestUpdate();
    else if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#update());
  };

  #update(): void {
    this.#frame = 0;
    this.requestUpdate();
  }
}
