"""The style of the HTML report: one sheet inside the page, light and dark, wide and narrow; no script, no network."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --dim: #57606a; --page: #ffffff; --line: #d0d7de; --card: #f6f8fa;
  --good: #116329; --good-page: #dafbe1; --bad: #a40e26; --bad-page: #ffebe9; --warn: #7d4e00; --warn-page: #fff8c5;
  --link: #0550ae; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --dim: #9aa4af; --page: #0d1117; --line: #3d444d;
  --card: #161b22; --good: #7ee787; --good-page: #12361d; --bad: #ffb3ad; --bad-page: #4a1616; --warn: #f2cc60;
  --warn-page: #3b2e0a; --link: #79c0ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 90rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 0; }
a { color: var(--link); } code { font: .9em ui-monospace, monospace; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; background: var(--page); }
.lead { font-size: 1.1rem; margin: .5rem 0; } .dim { color: var(--dim); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: center; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: var(--card); } .ladder td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.ladder td:first-child, .ladder td:nth-child(2) { white-space: nowrap; }
.matrix th:first-child { position: sticky; left: 0; text-align: left; background: var(--card); max-width: 24rem;
  font-weight: 400; white-space: normal; overflow-wrap: anywhere; min-width: 11rem; }
.good { color: var(--good); background: var(--good-page); } .bad { color: var(--bad); background: var(--bad-page); }
.warn { color: var(--warn); background: var(--warn-page); }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; }
summary { cursor: pointer; padding: .6rem .8rem; background: var(--card); border-radius: .4rem; }
details > div { padding: .2rem .8rem .8rem; }
.finding { border-left: .3rem solid var(--line); padding: .1rem .8rem; margin: .8rem 0; }
.finding.error { border-color: var(--bad); } .finding.warning { border-color: var(--warn); }
.badge { font-size: .8rem; font-weight: 600; padding: .1rem .5rem; border-radius: 1rem;
  border: 1px solid currentColor; }
ul { margin: .3rem 0; padding-left: 1.3rem; }
@media (max-width: 40rem) { body { padding: .6rem; font-size: 15px; } th, td { padding: .25rem .35rem; }
  .matrix th:first-child { max-width: 9rem; min-width: 9rem; font-size: .8rem; } }
@media print { details > div { display: block; } .scroll { overflow: visible; } }
"""
