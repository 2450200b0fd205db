/** A piece of a document that an answer names: `[[doc_…#3]]`. The server has taken out every mark of what the run was not shown. */
export interface Cite {
  documentId: string;
  number: number;
}

const MARK = /\[\[(doc_[0-9a-z]{26})#([0-9]{1,9})\]\]/g;
/** The same with what stands between a mark and the word before it. */
const MARK_WITH_SPACE = / ?\[\[doc_[0-9a-z]{26}#[0-9]{1,9}\]\]/g;
/** Of a text that is still being written the last mark may be half there. What is longer than a mark is none. */
const BEGUN = /\[\[?(?:d(?:o(?:c(?:_[0-9a-z#]{0,36}\]?)?)?)?)?$/;

/** The pieces that a text names, each once, in the order in which it does: their places are their numbers. */
export function citesOf(text: string): Cite[] {
  const found = new Map<string, Cite>();
  for (const [, documentId, number] of text.matchAll(MARK)) {
    if (documentId !== undefined && number !== undefined) found.set(keyOf({ documentId, number: Number(number) }), { documentId, number: Number(number) });
  }
  return [...found.values()];
}

export function keyOf(cite: Cite): string {
  return `${cite.documentId}#${cite.number}`;
}

/** A text cut at its marks. */
export function partsOf(text: string): (string | Cite)[] {
  const parts: (string | Cite)[] = [];
  let at = 0;
  for (const match of text.matchAll(MARK)) {
    const [whole, documentId, number] = match;
    if (match.index > at) parts.push(text.slice(at, match.index));
    if (documentId !== undefined && number !== undefined) parts.push({ documentId, number: Number(number) });
    at = match.index + whole.length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/** The words alone: for copying, for reading out, and while nobody has checked the marks yet. */
export function withoutMarks(text: string): string {
  return text.replaceAll(MARK_WITH_SPACE, '').replace(BEGUN, '');
}
