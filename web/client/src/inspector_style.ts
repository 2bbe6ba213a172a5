/** How the inspector's panel looks. One sheet for all panels; it reaches nothing outside their shadow roots. */
let made: CSSStyleSheet | undefined;

export function sheet(): CSSStyleSheet {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(STYLE);
  }
  return made;
}

const STYLE = `
:host {
  all: initial; color-scheme: light dark; position: fixed; inset: auto 0 0; z-index: 2147483000;
  font: 13px/1.45 system-ui, sans-serif;
  --ground: #fff; --text: #16202a; --quiet: #56636f; --line: #d5dbe1; --field: #7c8995; --accent: #0b6580; --shade: #f1f4f6;
  --ok: #1a6b3c; --warn: #7d4e00; --bad: #a3232f; --ok-g: #e2f3e8; --warn-g: #fdf0d5; --bad-g: #fce6e7;
}
@media (prefers-color-scheme: dark) {
  :host {
    --ground: #171d22; --text: #e3e9ee; --quiet: #9eabb6; --line: #35404a; --field: #6f7d88; --accent: #6cc4dd; --shade: #222b32;
    --ok: #7fd19b; --warn: #f0bd66; --bad: #ff9aa2; --ok-g: #17331f; --warn-g: #3a2b10; --bad-g: #451c20;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
section {
  display: flex; flex-direction: column; height: min(420px, 60vh); background: var(--ground); color: var(--text);
  border-top: 1px solid var(--field); box-shadow: 0 -6px 24px #0003;
}
header {
  display: flex; align-items: center; gap: 4px 12px; padding: 4px 12px; border-bottom: 1px solid var(--line);
  flex-wrap: wrap;
}
.tabs { display: flex; flex: 1; flex-wrap: wrap; }
h2 { font-size: 13px; margin: 16px 0 4px; }
p { margin: 6px 0; } dl, dd, ol { margin: 0; padding: 0; } ol { list-style: none; }
button, select, textarea {
  font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--field); border-radius: 5px;
  padding: 2px 9px; min-height: 26px;
}
button { cursor: pointer; } button:hover:enabled { background: var(--shade); } button:disabled { opacity: .5; cursor: default; }
[role=tab] { border: 0; border-bottom: 2px solid transparent; border-radius: 0; padding: 6px 10px; color: var(--quiet); }
[aria-selected=true] { color: var(--text); border-color: var(--accent); font-weight: 600; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.body { overflow: auto; padding: 10px 12px 16px; flex: 1; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 3px 14px; align-items: baseline; }
dt, .quiet, time { color: var(--quiet); } dd { overflow-wrap: anywhere; }
code, pre, textarea, td { font-family: ui-monospace, 'DejaVu Sans Mono', monospace; font-size: 12px; }
code { overflow-wrap: anywhere; }
pre { margin: 4px 0; padding: 8px; background: var(--shade); border-radius: 5px; white-space: pre-wrap; overflow-wrap: anywhere; }
textarea { display: block; width: 100%; margin-top: 4px; padding: 6px 8px; resize: vertical; }
summary { cursor: pointer; color: var(--quiet); }
.row { display: flex; gap: 4px 10px; align-items: center; flex-wrap: wrap; } .acts { margin-left: auto; }
li { padding: 6px 0; border-bottom: 1px solid var(--line); } .log li { padding: 3px 0; }
.badge {
  border-radius: 99px; padding: 0 8px; background: var(--shade); color: var(--quiet); font-size: 12px;
  font-family: system-ui, sans-serif; white-space: nowrap;
}
.ok { color: var(--ok); } .badge.ok { background: var(--ok-g); color: var(--ok); }
.warn { color: var(--warn); } .badge.warn { background: var(--warn-g); color: var(--warn); }
.bad { color: var(--bad); } .badge.bad { background: var(--bad-g); color: var(--bad); }
.scroll { overflow: auto; border: 1px solid var(--line); border-radius: 5px; }
table { border-collapse: collapse; min-width: 100%; width: max-content; }
th, td { text-align: left; padding: 3px 8px; vertical-align: top; }
td { border-top: 1px solid var(--line); max-width: 420px; overflow-wrap: break-word; white-space: pre-wrap; }
th { color: var(--quiet); font-size: 12px; white-space: nowrap; background: var(--shade); }
i { color: var(--quiet); }
@media (max-width: 480px) { .brand { display: none; } [role=tab] { padding: 6px; } }
`;
