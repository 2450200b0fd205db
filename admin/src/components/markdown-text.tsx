'use client';

import { ExternalLink, ImageOff } from 'lucide-react';
import type { Token, Tokens } from 'marked';
import { Fragment, memo } from 'react';
import { useTranslations } from 'use-intl';
import { Cited, CitesContext } from '@/components/source/cites';
import { awayOf, tokensOf } from '@/lib/markdown';

/**
 * What a model wrote, as Markdown. It becomes React elements and never HTML text: tags in it are letters, links say where they lead,
 * and pictures are not loaded, since loading one tells its owner what was read.
 */
export const MarkdownText = memo(function MarkdownText({ text }: { text: string }) {
  const tokens = tokensOf(text);
  return (
    <div className="prose" dir="auto">
      {tokens === null ? (
        <p className="wrap-anywhere whitespace-pre-wrap">
          <Cited text={text} />
        </p>
      ) : (
        <Blocks tokens={tokens} />
      )}
    </div>
  );
});

/** The lexer's tokens are a closed set, but for extensions, of which there are none. */
function isKind<K extends string>(token: Token, kind: K): token is Extract<Token, { type: K }> {
  return token.type === kind;
}

function inner(token: Token): Token[] {
  return 'tokens' in token && token.tokens !== undefined ? token.tokens : [];
}

function Blocks({ tokens }: { tokens: Token[] }) {
  return tokens.map((token, at) => <Block key={at} token={token} />);
}

function Block({ token }: { token: Token }): React.ReactNode {
  if (isKind(token, 'space') || isKind(token, 'def')) return null;
  if (isKind(token, 'hr')) return <hr />;
  if (isKind(token, 'code')) {
    return (
      <pre tabIndex={0}>
        <code>{token.text}</code>
      </pre>
    );
  }
  if (isKind(token, 'blockquote')) {
    return (
      <blockquote>
        <Blocks tokens={inner(token)} />
      </blockquote>
    );
  }
  if (token.type === 'list') return <List token={token} />;
  if (token.type === 'table') return <Table token={token} />;
  // A heading of the text is none of the page's: its level would tear the outline.
  if (isKind(token, 'heading')) {
    return (
      <p className="font-semibold">
        <Inline tokens={inner(token)} />
      </p>
    );
  }
  if (isKind(token, 'paragraph') || isKind(token, 'text')) {
    const tokens = inner(token);
    return <p>{tokens.length === 0 ? <Plain token={token} /> : <Inline tokens={tokens} />}</p>;
  }
  return (
    <p>
      <Plain token={token} />
    </p>
  );
}

function isList(token: Token): token is Tokens.List {
  return token.type === 'list' && 'items' in token;
}

function isTable(token: Token): token is Tokens.Table {
  return token.type === 'table' && 'rows' in token;
}

function List({ token }: { token: Token }) {
  if (!isList(token)) return <Plain token={token} />;
  const items = token.items.map((item, at) => (
    <li key={at}>
      {item.tokens.map((part, place) =>
        isKind(part, 'text') ? (
          <Fragment key={place}>
            <Inline tokens={inner(part).length === 0 ? [part] : inner(part)} />
          </Fragment>
        ) : (
          <Block key={place} token={part} />
        ),
      )}
    </li>
  ));
  return token.ordered ? <ol start={token.start === '' ? 1 : token.start}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ token }: { token: Token }) {
  if (!isTable(token)) return <Plain token={token} />;
  return (
    <table tabIndex={0}>
      <thead>
        <tr>
          {token.header.map((cell, at) => (
            <th key={at} scope="col">
              <Inline tokens={cell.tokens} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {token.rows.map((row, at) => (
          <tr key={at}>
            {row.map((cell, place) => (
              <td key={place}>
                <Inline tokens={cell.tokens} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Inline({ tokens }: { tokens: Token[] }) {
  return tokens.map((token, at) => <InlineOne key={at} token={token} />);
}

function InlineOne({ token }: { token: Token }): React.ReactNode {
  if (isKind(token, 'br')) return <br />;
  if (isKind(token, 'codespan')) return <code>{token.text}</code>;
  if (isKind(token, 'strong')) {
    return (
      <strong>
        <Inline tokens={inner(token)} />
      </strong>
    );
  }
  if (isKind(token, 'em')) {
    return (
      <em>
        <Inline tokens={inner(token)} />
      </em>
    );
  }
  if (isKind(token, 'del')) {
    return (
      <del>
        <Inline tokens={inner(token)} />
      </del>
    );
  }
  if (token.type === 'link' && 'href' in token && typeof token.href === 'string') {
    return (
      <Away href={token.href} raw={token.raw}>
        <Inline tokens={inner(token)} />
      </Away>
    );
  }
  if (token.type === 'image' && 'href' in token && typeof token.href === 'string') return <Picture href={token.href} text={'text' in token && typeof token.text === 'string' ? token.text : ''} />;
  const tokens = inner(token);
  return tokens.length === 0 ? <Plain token={token} /> : <Inline tokens={tokens} />;
}

/** Letters as they stand, entities read back: React writes them safely. */
function Plain({ token }: { token: Token }): React.ReactNode {
  if (isKind(token, 'escape')) return token.text;
  return <Cited text={token.raw} />;
}

/** A link that leaves: what it is called, and where it really leads. The two stand apart, so that no mark of direction in the one turns the other around. */
function Away({ href, raw, children }: { href: string; raw: string; children: React.ReactNode }) {
  const t = useTranslations('chat');
  const away = awayOf(href);
  if (away === null) return raw;
  return (
    <a href={away.href} target="_blank" rel="noopener noreferrer nofollow" title={away.href}>
      {/* A number that opens a source would lead outside too, pressed within a link: there its mark is letters. */}
      <bdi>
        <CitesContext value={null}>{children}</CitesContext>
      </bdi>
      <span className="text-soft no-underline">
        {' '}
        (<bdi dir="ltr">{away.to}</bdi>)
      </span>
      <ExternalLink className="ms-0.5 inline size-3" aria-label={t('opensOutside')} />
    </a>
  );
}

function Picture({ href, text }: { href: string; text: string }) {
  const t = useTranslations('chat');
  const host = awayOf(href)?.to ?? href.slice(0, 60);
  return (
    <span className="inline-flex max-w-full items-center gap-1.5 rounded-md bg-sunken px-2 py-0.5 align-middle text-sm text-soft">
      <ImageOff className="size-3.5 shrink-0" aria-hidden />
      <span className="min-w-0 truncate">{t('pictureNotLoaded', { text: text === '' ? t('picture') : text, host })}</span>
    </span>
  );
}
