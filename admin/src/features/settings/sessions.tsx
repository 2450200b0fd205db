'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Monitor } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, done } from '@/lib/api/client';
import { Part } from './part';

/** A browser by the words it says of itself; the whole text is on hover. */
function browserOf(agent: string): string {
  const [browser, system] = [agent.match(/(Firefox|Edg|OPR|Chrome|Safari)\//)?.[1], agent.match(/(Windows|Android|iPhone|iPad|Mac OS X|Linux)/)?.[1]];
  const name = browser === 'Edg' ? 'Edge' : browser === 'OPR' ? 'Opera' : browser;
  return [name, system].filter((one) => one !== undefined).join(' · ') || agent;
}

export function Sessions() {
  const t = useTranslations('settings');
  const toast = useToast();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => answer(api.GET('/api/v1/sessions')) });
  const end = useMutation({
    mutationFn: (id: string) => done(api.DELETE('/api/v1/sessions/{id}', { params: { path: { id } } })),
    onSuccess: async () => {
      toast(t('sessionEnded'));
      await client.invalidateQueries({ queryKey: ['sessions'] });
    },
  });
  return (
    <Part title={t('sessions')} hint={t('sessionsHint')}>
      {sessions.isPending && <Loading lines={3} className="px-0" />}
      {sessions.isError && <Failed error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {end.isError && <Problem error={end.error} />}
      <ul className="divide-y divide-line">
        {sessions.data?.items.map((session) => (
          <li key={session.session_id} className="flex items-center gap-3 py-2.5">
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
            {!session.is_this && (
              <Button
                size="small"
                isBusy={end.isPending && end.variables === session.session_id}
                onClick={() => {
                  end.mutate(session.session_id);
                }}
              >
                {t('endSession')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Part>
  );
}
