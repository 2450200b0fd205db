import type { NextConfig } from 'next';
import { resolve } from 'node:path';
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants';

/** Where a Steward answers while pages are written: `next dev` hands the API on to it. */
const STEWARD = process.env['STEWARD_URL'] ?? 'http://127.0.0.1:7700';

/** Messages are compiled when the web is built, and what would read them in the browser, or write HTML, stays away. */
const turbopack: NextConfig['turbopack'] = {
  resolveAlias: { 'use-intl/format-message': 'use-intl/format-message/format-only' },
  rules: {
    '*.json': { condition: { path: /(^|\/)messages\/([a-z]+\/)?[a-z]{2}\.json$/ }, loaders: [resolve('scripts/compile-words.mjs')], as: '*.js' },
    'marked.esm.js': { loaders: [resolve('scripts/lexer-only.mjs')], as: '*.js' },
  },
};

/** Pages are exported once and served by the program; only the development server hands anything on. */
export default function config(phase: string): NextConfig {
  const shared: NextConfig = { reactStrictMode: true, poweredByHeader: false, images: { unoptimized: true }, turbopack };
  if (phase === PHASE_DEVELOPMENT_SERVER) {
    const hand = (path: string) => ({ source: path, destination: `${STEWARD}${path}` });
    return { ...shared, compress: false, rewrites: () => Promise.resolve(['/api/:path*', '/readyz', '/docs', '/openapi.json'].map(hand)) };
  }
  return { ...shared, output: 'export' };
}
