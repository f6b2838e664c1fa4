import { html, nothing, type TemplateResult } from 'lit';
import { formatClock } from '../actions/duration.ts';
import type { Timer } from '../actions/user-data.ts';
import { View } from './view.ts';

/** A timer that counts down on screen. */
export class TimerView extends View {
  static override properties = { ...View.properties, timer: { attribute: false } };
  declare timer: Timer;
  #tick: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#tick = setInterval(() => {
      if (this.timer.state === 'running') this.requestUpdate();
    }, 250);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#tick);
  }

  override render(): TemplateResult {
    const { state, durationMs, label } = this.timer;
    const left = this.assistant.userData.left(this.timer);
    return html`
      <div class="clock ${state}" data-testid="timer" data-state=${state}>
        <p class="countdown" role="timer" aria-label="Timer, ${label}">${this.#face(left)}</p>
        ${
          state === 'running'
            ? html`<progress max=${durationMs} .value=${durationMs - left} aria-label="Time passed"></progress>`
            : nothing
        }
        ${this.#button()}
      </div>
    `;
  }

  #face(left: number): string {
    const { state, endsAt } = this.timer;
    if (state === 'running') return formatClock(left);
    if (state === 'cancelled') return 'Cancelled';
    const time = new Date(endsAt).toLocaleTimeString([], { hour: 'numeric', minute: '2-digit' });
    return state === 'ringing' ? 'Time is up' : `Ended at ${time}`;
  }

  #button(): TemplateResult | typeof nothing {
    const { state, id } = this.timer;
    if (state !== 'running' && state !== 'ringing') return nothing;
    const text = state === 'running' ? 'Cancel' : 'Dismiss';
    return html`<button class="text-button" @click=${() => this.assistant.userData.endTimer(id)}>${text}</button>`;
  }
}

customElements.define('pb-timer', TimerView);
