/** A value of an XML document: text, a nested element, or a list of either. */
export type XmlValue =
  string | number | boolean | undefined | { readonly [name: string]: XmlValue | readonly XmlValue[] };

/** Text with XML's special characters and control characters escaped. */
export function escapeXml(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are exactly what must be escaped
  return text.replace(/[<>&"'\u0000-\u001f]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function element(name: string, value: XmlValue | readonly XmlValue[]): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item: XmlValue) => element(name, item)).join('');
  if (typeof value === 'object') {
    const inner = Object.entries(value).map(([child, content]) => element(child, content));
    return `<${name}>${inner.join('')}</${name}>`;
  }
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** A whole document with one root element. Undefined members are left out, lists repeat their element. */
export function xmlDocument(root: string, value: XmlValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, value)}`;
}

/** The parts that a CompleteMultipartUpload body lists, in its order. */
export function parseCompletedParts(body: string): { number: number; etag: string }[] {
  return [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: (/<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? '')
      .replaceAll('&quot;', '')
      .replaceAll('&#34;', '')
      .replaceAll('"', ''),
  }));
}
