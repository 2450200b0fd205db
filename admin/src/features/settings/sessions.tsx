'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { SessionLine } from '@/components/session-line';
import { Button } from '@/components/ui/button';
import { Failed, Loading, Problem } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { answer, api, done } from '@/lib/api/client';
import { Part } from './part';

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
            <SessionLine session={session} />
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
