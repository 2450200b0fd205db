import type { Metadata, Viewport } from 'next';
import { Suspense } from 'react';
import { FirstPaint } from '@/components/first-paint';
import { LanguageProvider } from '@/components/language';
import { ToastProvider } from '@/components/ui/toast';
import { QueryProvider } from '@/lib/query';
import './globals.css';

export const metadata: Metadata = { title: 'Steward', description: 'An agent that acts for you, under rules you can read, test and audit.', applicationName: 'Steward', robots: { index: false }, icons: { icon: '/icon.svg', apple: '/apple-touch-icon.png' }, manifest: '/manifest.webmanifest', appleWebApp: { capable: true, title: 'Steward', statusBarStyle: 'default' } };
export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  interactiveWidget: 'resizes-content',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7f7f5' },
    { media: '(prefers-color-scheme: dark)', color: '#101315' },
  ],
};

export default function Root({ children }: { children: React.ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        <FirstPaint />
      </head>
      <body>
        <noscript>Steward’s pages need JavaScript, which comes from this server alone. Without it, use `steward chat` in the terminal.</noscript>
        <Suspense>
          <LanguageProvider>
            <QueryProvider>
              <ToastProvider>{children}</ToastProvider>
            </QueryProvider>
          </LanguageProvider>
        </Suspense>
      </body>
    </html>
  );
}
