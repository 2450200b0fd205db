import { Lexer, type Token } from 'marked';

/** A line that begins with more marks of quotes and lists, one in the other, than anybody reads. */
const DEEP_LINE = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){33}/m;
/** How many parts of a text may stand in each other. What reads a text, and what draws it, goes one call deeper for each, and ends where there are thousands. */
const DEPTH_MAX = 100;

/** What stands in a part of a text. */
function innerOf(token: Token): Token[] {
  const tokens: Token[] = 'tokens' in token && Array.isArray(token.tokens) ? token.tokens : [];
  const items: Token[] = 'items' in token && Array.isArray(token.items) ? token.items : [];
  const rows: { tokens: Token[] }[][] = 'rows' in token && Array.isArray(token.rows) ? [token.header, ...token.rows] : [];
  return [...tokens, ...items, ...rows.flatMap((cells) => cells.flatMap((cell) => cell.tokens))];
}

function isDeep(tokens: Token[]): boolean {
  let level = tokens;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) return true;
    level = level.flatMap(innerOf);
  }
  return false;
}

/** The parts of a text in Markdown; none of one that cannot be laid out, which is read as it stands: whatever a model writes, the page around it stays. */
export function tokensOf(text: string): Token[] | null {
  if (DEEP_LINE.test(text)) return null;
  try {
    const tokens = Lexer.lex(text, { gfm: true, breaks: true });
    return isDeep(tokens) ? null : tokens;
  } catch {
    return null;
  }
}

/** A link that leaves: its address, and where it leads in a word. */
export interface Away {
  href: string;
  to: string;
}

/**
 * Where a link leads; none of an address that may not be linked. Of one that writes a mail only whom it is for is taken, which is what is shown:
 * others who get it too, a subject or a text would come along unseen.
 */
export function awayOf(href: string): Away | null {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return null;
  }
  if (url.protocol === 'https:' || url.protocol === 'http:') return { href: url.href, to: url.host };
  return url.protocol === 'mailto:' && url.pathname !== '' ? { href: `mailto:${url.pathname}`, to: url.pathname } : null;
}
