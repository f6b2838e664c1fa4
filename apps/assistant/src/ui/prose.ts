import { type Place, unitAt } from './markdown/units.ts';
import { MAX_CHARACTERS, plain, rendered } from './markdown.ts';

/** Time a frame that goes into writing answers, and what of them is written in it at most, for they are laid out in it too. */
const BUDGET_MS = 6;
const BUDGET_CHARACTERS = 2500;
/** What an element costs to lay out, in characters. */
const ELEMENT_CHARACTERS = 12;
/** Parts in one group, so that a long answer is laid out by groups. */
const GROUP = 32;
/** Frames do not come to a hidden page. */
const HIDDEN_MS = 50;

/** Proses that have something to write, the latest last. */
const pending = new Set<ProseView>();
let deadline = 0;
let spent = 0;
let scheduled = false;

/** Writes what is pending, the latest answer first, for as long as this frame's budget lasts. */
function work(): void {
  for (;;) {
    const latest = [...pending].at(-1);
    if (!latest) return;
    if (performance.now() > deadline || spent > BUDGET_CHARACTERS) break;
    const cost = latest.writeNext();
    if (cost === 0) pending.delete(latest);
    spent += cost;
  }
  schedule();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  const next = () => {
    scheduled = false;
    renew();
    work();
  };
  if (document.hidden) setTimeout(next, HIDDEN_MS);
  else requestAnimationFrame(next);
}

function renew(): void {
  deadline = performance.now() + BUDGET_MS;
  spent = 0;
}

/** A model's markdown, which may grow, or a long text. Parts that are complete are written once; the last one anew with every change. */
export class ProseView extends HTMLElement {
  /** Whether the text is no markdown. */
  plain = false;
  #text = '';
  #place: Place = { at: 0, fence: '' };
  #group: HTMLElement | null = null;
  /** The last part, which may still change, and what it was written from. */
  #tail: HTMLElement | null = null;
  #tailText: string | null = null;

  set text(text: string) {
    if (text === this.#text) return;
    if (!text.startsWith(this.#text)) this.#begin();
    this.#text = text;
    pending.delete(this);
    pending.add(this);
    if (!scheduled) {
      renew();
      // What comes in the same frame shares its budget.
      schedule();
    }
    work();
  }

  disconnectedCallback(): void {
    pending.delete(this);
  }

  connectedCallback(): void {
    if (this.#text !== '') pending.add(this);
    schedule();
  }

  /** Writes the next part; returns what it costs in characters, 0 where all is written. */
  writeNext(): number {
    const { text, next } = unitAt(this.#text, this.#place);
    if (text === '' || (next === null && text === this.#tailText)) return 0;
    const part = this.#part(text);
    this.#tail = next ? null : part;
    this.#tailText = next ? null : text;
    if (next) this.#place = next;
    return text.length + ELEMENT_CHARACTERS * part.getElementsByTagName('*').length;
  }

  #part(text: string): HTMLElement {
    const part = this.#tail ?? this.#appended();
    part.replaceChildren(this.#readable() ? rendered(text) : plain(text));
    for (const link of part.querySelectorAll('a')) {
      link.target = '_blank';
      link.rel = 'noopener noreferrer';
    }
    return part;
  }

  #readable(): boolean {
    return !this.plain && this.#place.at < MAX_CHARACTERS;
  }

  #appended(): HTMLElement {
    if (!this.#group || this.#group.childElementCount >= GROUP) {
      this.#group = this.appendChild(document.createElement('div'));
    }
    return this.#group.appendChild(document.createElement('div'));
  }

  #begin(): void {
    this.replaceChildren();
    this.#place = { at: 0, fence: '' };
    this.#group = null;
    this.#tail = null;
    this.#tailText = null;
  }
}

customElements.define('pb-prose', ProseView);
