import '@pocketbit/ui/tokens.css';
import './styles/layout.css';
import './styles/chat.css';
import './styles/cards.css';
import './styles/sheet.css';
import './ui/app.ts';
import { PocketbitError } from 'pocketbit';
import { Assistant } from './state/assistant.ts';
import type { AppView } from './ui/app.ts';
import { busy } from './ui/busy.ts';

const assistant = new Assistant();
assistant.shell.host = {
  busy: (asked) => busy(assistant, asked),
  second: () => assistant.phase.name === 'elsewhere',
  written: () => assistant.chat.written(),
};
const view = document.createElement('pb-app') as AppView;
view.assistant = assistant;
document.body.replaceChildren(view);
// Whatever stops the start is shown, with a way to go on.
assistant.start().catch((error) => {
  assistant.phase = { name: 'failed', error: PocketbitError.from(error) };
  assistant.dispatchEvent(new Event('change'));
});
