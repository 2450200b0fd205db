import type { NextConfig } from 'next';
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants';

/** Where a Steward answers while pages are written: `next dev` hands the API on to it. */
const STEWARD = process.env['STEWARD_URL'] ?? 'http://127.0.0.1:7700';

/** Pages are exported once and served by the program; only the development server hands anything on. */
export default function config(phase: string): NextConfig {
  const shared: NextConfig = { reactStrictMode: true, poweredByHeader: false, images: { unoptimized: true } };
  if (phase === PHASE_DEVELOPMENT_SERVER) {
    const hand = (path: string) => ({ source: path, destination: `${STEWARD}${path}` });
    return { ...shared, compress: false, rewrites: () => Promise.resolve(['/api/:path*', '/readyz', '/docs', '/openapi.json'].map(hand)) };
  }
  return { ...shared, output: 'export' };
}
