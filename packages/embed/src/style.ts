/** Colours follow the host page's scheme; `--pocketbit-accent` sets the accent. */
export const STYLE = `
  :host {
    --accent: var(--pocketbit-accent, light-dark(#0b6e4f, #62d2a2));
    display: flex; flex-direction: column; box-sizing: border-box;
    height: 24rem; max-width: 32rem; overflow: hidden;
    border: 1px solid light-dark(#ddd8cc, #353831); border-radius: 16px;
    background: light-dark(#fff, #1d1f1c); color: light-dark(#1d1c1a, #edece7);
    font: 1rem/1.5 system-ui, sans-serif;
  }
  :host([hidden]), [hidden] { display: none !important; }
  .log { flex: 1; min-height: 0; padding: 1rem; overflow: auto; }
  .log p { width: fit-content; max-width: 86%; margin: 0 0 .75rem; overflow-wrap: anywhere; white-space: pre-wrap; }
  .log .user {
    margin-inline-start: auto; padding: .5rem .9rem; border-radius: 14px 14px 4px 14px;
    background: light-dark(#0b6e4f, #1d5540); color: #fff;
  }
  .log .assistant:empty::after { content: '…'; }
  .status { margin: 0; padding: .25rem 1rem .5rem; color: light-dark(#5f5b53, #a9a79f); font-size: .875rem; overflow-wrap: anywhere; }
  .status.error { color: light-dark(#a8201a, #ff9088); }
  form { display: flex; gap: .5rem; padding: .6rem; border-top: 1px solid light-dark(#ddd8cc, #353831); }
  input {
    flex: 1; min-width: 0; padding: .6rem .9rem; border: 1px solid light-dark(#8b867b, #6d716a); border-radius: 999px;
    background: none; color: inherit; font: inherit;
  }
  input::placeholder { color: light-dark(#5f5b53, #a9a79f); opacity: 1; }
  button {
    min-height: 2.75rem; padding: 0 1.1rem; border: 0; border-radius: 999px; cursor: pointer;
    background: var(--accent); color: light-dark(#fff, #06251a); font: 600 1rem system-ui, sans-serif;
  }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  .log:focus-visible { outline-offset: -3px; }
`;
