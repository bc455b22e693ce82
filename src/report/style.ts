/** The page's only style sheet. Colours meet WCAG AA on their ground in both schemes; the tests measure them. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fcfcfa; --raised: #ffffff; --ink: #1b1d1a; --soft: #5b6058; --line: #e5e6e0; --strong: #c9ccc2;
  --series: #17685c; --wash: #dcebe6; --second: #5d5a88; --second-wash: #e6e5f0;
  --good: #17685c; --look: #8a5a00; --bad: #b3261e; --good-wash: #dcebe6; --look-wash: #f7e9c8; --bad-wash: #fbe0dc;
  --cell: #549d8b; --cell-proved: #0f564c; --cell-quiet: #ecede7;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #141614; --raised: #1b1e1b; --ink: #edeee9; --soft: #a5aaa0; --line: #2b2f2b; --strong: #474c46;
    --series: #6fcbb5; --wash: #1e3a33; --second: #b3afe6; --second-wash: #2a2940;
    --good: #6fcbb5; --look: #e8b750; --bad: #ff8f80; --good-wash: #1b322c; --look-wash: #3a2e14; --bad-wash: #43201c;
    --cell: #347566; --cell-proved: #8fe3ce; --cell-quiet: #242824;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 400 1rem/1.55 -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, Inter, "Noto Sans", "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
.page { max-width: 69rem; margin: 0 auto; padding: 0 1.25rem; }
header.top { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; justify-content: space-between; padding: 1.5rem 0; color: var(--soft); font-size: .875rem; }
header.top p { margin: 0; }
h1, h2, h3 { font-weight: 600; line-height: 1.2; letter-spacing: -.015em; margin: 0; text-wrap: balance; }
h1 { font-size: clamp(1.75rem, 1.2rem + 2.6vw, 3rem); letter-spacing: -.028em; line-height: 1.1; max-width: 22em; }
h2 { font-size: 1.625rem; letter-spacing: -.02em; }
h3 { font-size: 1.0625rem; }
p { margin: 0; text-wrap: pretty; }
a { color: inherit; text-decoration-color: var(--strong); text-underline-offset: .2em; }
a:hover { text-decoration-color: currentColor; }
:focus-visible { outline: 2px solid var(--series); outline-offset: 3px; border-radius: 3px; }
.soft { color: var(--soft); }
.small { font-size: .875rem; }
.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.verdict { padding: 2.25rem 0 2.5rem; display: grid; gap: 1.25rem; }
.verdict .soft { max-width: 44em; }
.tone { display: inline-flex; align-items: center; gap: .5em; font-size: .875rem; font-weight: 600; justify-self: start; padding: .3em .8em .3em .65em; border-radius: 2em; }
.tone svg { width: 1.05em; height: 1.05em; flex: none; }
.tone.good { color: var(--good); background: var(--good-wash); }
.tone.look, .tone.unknown { color: var(--look); background: var(--look-wash); }
.tone.bad { color: var(--bad); background: var(--bad-wash); }
.problems { margin: 0; padding: 0; list-style: none; display: grid; gap: .6rem; max-width: 48em; }
.problems li { padding-left: 1rem; border-left: 3px solid var(--strong); }
.problems.bad li { border-color: var(--bad); }
.problems.look li { border-color: var(--look); }
section.block { border-top: 1px solid var(--line); padding: 2.25rem 0 2.5rem; display: grid; gap: 1.5rem; }
section.block > .head { display: grid; gap: .35rem; max-width: 44em; }
article.database { padding-bottom: 1rem; }
article.database + article.database { border-top: 2px solid var(--ink); margin-top: 2rem; }
article.database > .title { padding: 2.25rem 0 1.75rem; display: grid; gap: .9rem; }
.facts { margin: 0; display: grid; gap: 2rem 2rem; grid-template-columns: repeat(4, minmax(0, 1fr)); padding: 0 0 3rem; }
.facts > div { display: grid; align-content: start; gap: .2rem; border-top: 1px solid var(--strong); padding-top: .7rem; }
.facts dt { color: var(--soft); font-size: .875rem; }
.facts dd { margin: 0; }
.facts .value { font-size: 1.75rem; font-weight: 600; letter-spacing: -.025em; line-height: 1.2; white-space: nowrap; }
.facts .value.alarm { color: var(--bad); }
.facts .small { color: var(--soft); line-height: 1.4; }
.pair { display: grid; align-items: start; gap: 2.25rem 3rem; grid-template-columns: minmax(0, 1fr); }
@media print, (min-width: 60rem) { .pair { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
figure { margin: 0; display: grid; gap: .75rem; min-width: 0; align-content: start; }
figcaption { display: grid; gap: .1rem; }
figcaption strong { font-weight: 600; }
.chart svg { display: block; width: 100%; height: auto; color: var(--soft); font: 12px -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, Inter, "Noto Sans", "Helvetica Neue", "Liberation Sans", Arial, sans-serif; overflow: visible; }
.chart .narrow { display: none; }
@media print, (max-width: 34rem) { .chart .narrow { display: block; } .chart .wide { display: none; } }
details { min-width: 0; }
summary { cursor: pointer; color: var(--soft); font-size: .875rem; padding: .35rem 0; width: fit-content; text-decoration: underline; text-decoration-color: var(--strong); text-underline-offset: .2em; }
summary::marker { color: var(--strong); }
summary:hover { text-decoration-color: currentColor; }
details[open] > summary { margin-bottom: .5rem; }
table.data { border-collapse: collapse; width: 100%; font-size: .9375rem; line-height: 1.4; }
table.data caption { text-align: left; padding-bottom: .75rem; font-size: 1rem; line-height: 1.5; }
table.data caption strong { display: block; font-weight: 600; }
table.data caption span { display: block; }
table.data th, table.data td { text-align: left; padding: .55rem 1rem .55rem 0; border-bottom: 1px solid var(--line); vertical-align: baseline; font-weight: 400; }
table.data th:last-child, table.data td:last-child { padding-right: 0; }
table.data thead th { color: var(--soft); font-size: .8125rem; vertical-align: bottom; border-bottom-color: var(--strong); }
table.data tbody tr:last-child > * { border-bottom: 0; }
table.data .number { text-align: right; white-space: nowrap; overflow-wrap: normal; }
table.data .spark { width: 136px; padding-top: 0; padding-bottom: 0; vertical-align: middle; }
table.data .spark svg { display: block; width: 120px; height: 28px; }
table.data + p { padding-top: .75rem; }
.scroll { overflow-x: auto; }
.mark { display: inline-flex; align-items: baseline; gap: .4em; white-space: nowrap; }
.mark svg { width: .85em; height: .85em; flex: none; position: relative; top: .08em; }
.mark.good { color: var(--good); } .mark.bad { color: var(--bad); } .mark.look, .mark.unknown { color: var(--look); }
.months { display: grid; align-items: start; gap: 1.5rem 1.25rem; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
@media (min-width: 60rem) { .months { grid-template-columns: repeat(6, 1fr); gap: 1.75rem 2rem; } }
table.month { border-collapse: separate; border-spacing: 2px; table-layout: fixed; width: 100%; margin: 0 -2px; font-size: .75rem; }
table.month caption { text-align: left; font-size: .8125rem; color: var(--soft); padding: 0 2px .25rem; }
table.month td { padding: 0; height: 0; }
.cell { display: block; position: relative; aspect-ratio: 1; border-radius: 22%; background: transparent; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.cell.made { background: var(--cell); }
.cell.proved { background: var(--cell-proved); }
.cell.proved::after { content: ""; position: absolute; inset: 34%; border-radius: 50%; background: var(--ground); }
.cell.partly { background: linear-gradient(135deg, var(--cell) 49%, var(--look) 51%); }
.cell.missed { box-shadow: inset 0 0 0 2px var(--bad); }
.cell.damaged { background: var(--bad); }
.cell.missed::after, .cell.damaged::after { content: ""; position: absolute; inset: 0; background: linear-gradient(45deg, transparent calc(50% - 1px), var(--x, var(--bad)) calc(50% - 1px) calc(50% + 1px), transparent calc(50% + 1px)); clip-path: inset(26%); }
.cell.damaged { --x: var(--ground); }
.cell.removed, .cell.idle, .cell.empty { background: var(--cell-quiet); }
.cell.outside { background: radial-gradient(circle, var(--strong) 0 1.5px, transparent 2px); }
.cell:hover > .hidden { clip-path: none; width: max-content; max-width: 12rem; height: auto; margin: 0; z-index: 1; white-space: normal; left: 50%; bottom: calc(100% + 6px); translate: var(--shift, -50%); padding: .3rem .55rem; border-radius: 5px; background: var(--ink); color: var(--ground); font-size: .75rem; line-height: 1.35; }
td:nth-child(-n+2) > .cell { --shift: -1rem; }
td:nth-child(n+6) > .cell { --shift: calc(-100% + 1rem); }
.years { display: grid; gap: 0; }
.years details[open] { padding-bottom: 1.5rem; }
.legend { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; margin: 0; padding: 0; list-style: none; font-size: .875rem; color: var(--soft); }
.legend li { display: inline-flex; align-items: center; gap: .5rem; }
.legend .cell { width: .95rem; height: .95rem; flex: none; }
.shares { display: grid; gap: .5rem; max-width: 44rem; }
.narrow-table { max-width: 34rem; }
footer { border-top: 1px solid var(--line); color: var(--soft); font-size: .875rem; padding: 1.5rem 0 3rem; display: grid; gap: .35rem; }
@media (max-width: 34rem) {
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.5rem 1.25rem; }
  .facts .value { font-size: 1.375rem; }
  .roomy { display: none; }
  table.data :has(+ .roomy:last-child) { padding-right: 0; }
  .verdict { padding: 1.25rem 0 2rem; }
}
@media print {
  :root { color-scheme: light; --ground: #fff; --ink: #000; --soft: #4a4a4a; --line: #ddd; }
  body { font-size: 10pt; }
  .page { max-width: none; padding: 0; }
  section.block, article.database > .title { break-inside: avoid; padding: 1.25rem 0; }
  section.block.long { break-inside: auto; }
  summary, section.list { display: none; }
  .facts .value { font-size: 1.35rem; }
  table.month caption { font-size: .6875rem; white-space: nowrap; }
  .months { grid-template-columns: repeat(6, 1fr); gap: .75rem 1rem; }
}
`;
