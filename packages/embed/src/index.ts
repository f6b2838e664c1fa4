import { PocketbitChat } from './chat.ts';

if (!customElements.get('pocketbit-chat')) customElements.define('pocketbit-chat', PocketbitChat);

export { PocketbitChat };
