import { createRoot } from 'react-dom/client';
import { App } from './App.js';
import { Crash } from './Crash.js';
import './styles/base.css';
import './styles/layout.css';
import './styles/messages.css';
import './styles/panels.css';

createRoot(document.getElementById('root')!).render(
  <Crash>
    <App />
  </Crash>,
);
