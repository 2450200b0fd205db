'use client';

import { useMutation } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { useToast } from '@/components/ui/toast';
import { answer, api } from '@/lib/api/client';

/** Asks a run to stop. While the server's disk is full it stops all the same, and is told to be written down later. */
export function useStop() {
  const t = useTranslations('run');
  const toast = useToast();
  return useMutation({
    mutationFn: (id: string) => answer(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id } } })),
    onSuccess: (stopped) => {
      if (!stopped.is_written) toast(t('stopUnwritten'));
    },
  });
}
