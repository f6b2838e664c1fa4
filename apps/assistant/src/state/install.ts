/** Chromium's event; not in TypeScript's DOM library. */
interface InstallPrompt extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>;
}

/** Whether and how the app can be installed here. */
export class Installer extends EventTarget {
  #prompt: InstallPrompt | null = null;

  start(): void {
    addEventListener('beforeinstallprompt', (event) => {
      event.preventDefault();
      this.#set(event as InstallPrompt);
    });
    addEventListener('appinstalled', () => this.#set(null));
  }

  /** The browser offers a prompt of its own. */
  get offered(): boolean {
    return this.#prompt !== null;
  }

  get installed(): boolean {
    return (
      matchMedia('(display-mode: standalone)').matches ||
      Reflect.get(navigator, 'standalone') === true
    );
  }

  /** iPhones and iPads install from the share menu and offer no prompt. */
  get byShareMenu(): boolean {
    const apple =
      /iPhone|iPad/.test(navigator.userAgent) ||
      (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1);
    return apple && !this.installed;
  }

  async install(): Promise<void> {
    const prompt = this.#prompt;
    this.#set(null);
    await prompt?.prompt();
  }

  #set(prompt: InstallPrompt | null): void {
    this.#prompt = prompt;
    this.dispatchEvent(new Event('change'));
  }
}
