import '@pocketbit/ui/tokens.css';
import './styles/layout.css';
import './styles/chat.css';
import './styles/cards.css';
import './styles/sheet.css';
import './ui/app.ts';
import { Assistant } from './state/assistant.ts';
import type { AppView } from './ui/app.ts';

const assistant = new Assistant();
const view = document.createElement('pb-app') as AppView;
view.assistant = assistant;
document.body.replaceChildren(view);
void assistant.start();
