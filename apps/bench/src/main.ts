import '@pocketbit/ui/tokens.css';
import '@pocketbit/ui/report.css';
import './ui/app.ts';

document.body.replaceChildren(document.createElement('pb-bench'));
