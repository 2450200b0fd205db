'use client';

import { Monitor } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Badge } from '@/components/ui/badge';
import { Ago } from '@/components/ui/time';
import type { Schemas } from '@/lib/api/client';

/** A browser by the words it says of itself; the whole text is on hover. */
function browserOf(agent: string): string {
  const [browser, system] = [agent.match(/(Firefox|Edg|OPR|Chrome|Safari)\//)?.[1], agent.match(/(Windows|Android|iPhone|iPad|Mac OS X|Linux)/)?.[1]];
  const name = browser === 'Edg' ? 'Edge' : browser === 'OPR' ? 'Opera' : browser;
  return [name, system].filter((one) => one !== undefined).join(' · ') || agent;
}

/** An open session in two lines: in what browser, and when it was last used. */
export function SessionLine({ session }: { session: Schemas['SessionView'] }) {
  const t = useTranslations('settings');
  return (
    <>
      <Monitor className="size-4 shrink-0 text-soft" aria-hidden />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <span className="min-w-0 truncate" title={session.user_agent ?? undefined}>
            {session.user_agent == null ? t('unknownBrowser') : browserOf(session.user_agent)}
          </span>
          {session.is_this && <Badge tone="accent">{t('thisSession')}</Badge>}
        </p>
        <p className="text-xs text-soft">
          {t('seen')} <Ago at={session.seen_at} />
        </p>
      </div>
    </>
  );
}
