import '../../assistant/src/styles/tokens.css';
import './styles/bench.css';
import './ui/app.ts';

document.body.replaceChildren(document.createElement('pb-bench'));
