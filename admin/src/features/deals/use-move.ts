'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { useStageNames } from '@/components/record/stage';
import { useToast } from '@/components/ui/toast';
import { answer, api, type Schemas } from '@/lib/api/client';

type Deal = Schemas['DealView'];

/** Moves a deal to another stage, for the version that was shown: whoever was quicker is not overwritten. */
export function useMove() {
  const t = useTranslations('deals');
  const names = useStageNames();
  const toast = useToast();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ deal, stage }: { deal: Deal; stage: string }) => answer(api.PATCH('/api/v1/deals/{id}', { params: { path: { id: deal.deal_id } }, body: { version: deal.version, stage } })),
    onSuccess: (moved) => {
      toast(t('moved', { deal: moved.title, stage: names(moved.stage) }));
    },
    // After a refusal too: what is there is not what was shown. Another move waits for what it may be of and for no more.
    onSettled: async (_moved, _error, { deal, stage }) => {
      const concerned = new Set<unknown>([deal.stage, stage]);
      void client.invalidateQueries({ queryKey: ['deals'], predicate: ({ queryKey }) => queryKey[1] !== 'board' || !concerned.has(queryKey[2]) });
      await client.invalidateQueries({ queryKey: ['deals', 'board'], predicate: ({ queryKey }) => concerned.has(queryKey[2]) });
    },
  });
}
