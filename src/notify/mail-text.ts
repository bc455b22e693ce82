import type { Message } from './message.ts';

/** The mail for programs and people that read plain text. */
export function textMail({ headline, facts, hint, warnings, quoted, further, footer }: Message): string {
  const width = Math.max(0, ...facts.map(([label]) => label.length));
  const parts = [
    headline,
    ...(hint === undefined ? [] : [`What to do: ${hint}`]),
    facts.map(([label, value]) => `${`${label}:`.padEnd(width + 2)}${value}`).join('\n'),
    ...(warnings.length === 0 ? [] : [`Warnings:\n${warnings.map((warning) => `- ${warning}`).join('\n')}`]),
    ...quoted.map(({ title, lines }) => `${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`),
    ...(further === undefined ? [] : [further]),
    `-- \n${footer}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const colours = { failure: '#b3261e', success: '#1b6e3c', test: '#5b4bb5' } as const;
const font = `font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif`;

/**
 * The same as HTML: one column that fits a phone, no image, nothing from elsewhere. Styles stand at each element, since
 * some readers drop the sheet; the sheet only turns the colours round where the reader is dark.
 */
export function htmlMail({ outcome, headline, facts, hint, warnings, quoted, further, footer }: Message): string {
  const rows = facts.map(
    ([label, value]) =>
      `<tr><th class="soft" scope="row" align="left" valign="top" style="padding:6px 16px 6px 0;font-weight:normal;color:#5f6368;white-space:nowrap">${escape(label)}</th>` +
      `<td valign="top" style="padding:6px 0;word-break:break-word;overflow-wrap:anywhere">${escape(value)}</td></tr>`,
  );
  const paragraph = (text: string): string => `<p style="margin:0 0 16px">${text}</p>`;
  const quotes = quoted.map(
    ({ title, lines }) =>
      `<h2 class="soft" style="margin:24px 0 6px;font-size:14px;font-weight:600;color:#5f6368">${escape(title)}</h2>` +
      `<pre class="quote" style="margin:0;padding:12px;border-radius:6px;background:#f1f3f4;font-size:12px;line-height:1.5;white-space:pre-wrap;word-break:break-word;overflow-wrap:anywhere">${escape(lines.join('\n'))}</pre>`,
  );
  const body = [
    `<h1 style="margin:0 0 16px;padding:12px 0 0;border-top:4px solid ${colours[outcome]};font-size:19px;line-height:1.35;overflow-wrap:anywhere">${escape(headline)}</h1>`,
    ...(hint === undefined ? [] : [paragraph(`<strong>What to do:</strong> ${escape(hint)}`)]),
    `<table cellpadding="0" cellspacing="0" style="width:100%;border-collapse:collapse;font-size:15px;line-height:1.4">${rows.join('')}</table>`,
    ...(warnings.length === 0
      ? []
      : [
          `<h2 class="soft" style="margin:24px 0 6px;font-size:14px;font-weight:600;color:#5f6368">Warnings</h2>`,
          `<ul style="margin:0;padding-left:20px">${warnings.map((warning) => `<li>${escape(warning)}</li>`).join('')}</ul>`,
        ]),
    ...quotes,
    ...(further === undefined ? [] : [`<p style="margin:24px 0 0">${escape(further)}</p>`]),
    `<p class="soft" style="margin:24px 0 0;font-size:12px;color:#5f6368">${escape(footer)}</p>`,
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escape(headline)}</title>
<style>
:root { color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  body, .page { background: #1b1c1f !important; color: #e8eaed !important; }
  .soft { color: #a8adb3 !important; }
  .quote { background: #2a2c30 !important; color: #e8eaed !important; }
}
</style>
</head>
<body style="margin:0;background:#ffffff;color:#202124">
<div class="page" style="max-width:640px;margin:0 auto;padding:16px;background:#ffffff;color:#202124;${font};font-size:15px;line-height:1.45">
${body.join('\n')}
</div>
</body>
</html>
`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
