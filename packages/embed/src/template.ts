/** The element's inside, and the few ways it changes. */
export interface Parts {
  form: HTMLFormElement;
  field: HTMLInputElement;
  stop: HTMLButtonElement;
  /** Adds a line to the conversation. */
  say(role: 'user' | 'assistant', text: string): HTMLElement;
  /** Scrolls to the newest line. */
  follow(): void;
  /** Shows a state, or an error where `code` is given; '' hides it. */
  status(text: string, code?: string): void;
  answering(on: boolean): void;
}

const HTML = `
  <div class="log" part="log" role="log" tabindex="0" aria-label="Conversation"></div>
  <p class="status" part="status" role="status" hidden></p>
  <form part="form">
    <input part="input" aria-label="Message" autocomplete="off" enterkeyhint="send" />
    <button part="button" class="send">Send</button>
    <button part="button" class="stop" type="button" hidden>Stop</button>
  </form>
`;

export function build(root: ShadowRoot, style: string): Parts {
  root.innerHTML = HTML;
  adopt(root, style);
  const find = <T extends HTMLElement>(selector: string) => root.querySelector<T>(selector)!;
  const [log, state] = [find('.log'), find('.status')];
  const [send, stop] = [find<HTMLButtonElement>('.send'), find<HTMLButtonElement>('.stop')];
  const follow = () => {
    log.scrollTop = log.scrollHeight;
  };
  return {
    form: find<HTMLFormElement>('form'),
    field: find<HTMLInputElement>('input'),
    stop,
    follow,
    say(role, text) {
      const line = document.createElement('p');
      line.className = role;
      line.textContent = text;
      log.append(line);
      follow();
      return line;
    },
    status(text, code) {
      state.hidden = text === '';
      state.textContent = text;
      state.classList.toggle('error', code !== undefined);
      if (code === undefined) delete state.dataset.code;
      else state.dataset.code = code;
    },
    answering(on) {
      send.hidden = on;
      stop.hidden = !on;
    },
  };
}

function adopt(root: ShadowRoot, text: string): void {
  // A constructed sheet needs no 'unsafe-inline' from the host page's policy; Safari has them from 16.4.
  if ('adoptedStyleSheets' in root) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [sheet];
    return;
  }
  const style = document.createElement('style');
  style.textContent = text;
  (root as ShadowRoot).prepend(style);
}
