'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { TextArea } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { answer, api, idempotencyKey } from '@/lib/api/client';

/** The server takes no more bytes. */
const REASON_LETTERS_MAX = 500;

/** Asks a server what it offers now and proposes that. Nothing of it can be called by that: somebody else looks at it first. */
export function ProposeTools({ server, onClose }: { server: string; onClose: () => void }) {
  const t = useTranslations('tools.propose');
  const client = useQueryClient();
  const router = useRouter();
  const [reason, setReason] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const propose = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/tools/proposals', { params: { header: { 'Idempotency-Key': key } }, body: { server, tools: [], reason: reason.trim() } })),
    onSuccess: async (change) => {
      await client.invalidateQueries({ queryKey: ['changes'] });
      router.push(`/changes/${change.governance_change_id}`);
    },
    // The server may offer something else a moment later: another try is another wish.
    onError: () => setKey(idempotencyKey()),
  });
  return (
    <FormDialog
      title={t('title', { server })}
      cancel={t('cancel')}
      submit={t('submit')}
      isBusy={propose.isPending}
      error={propose.error}
      forbidden={reason.trim() === '' ? t('sayWhy') : null}
      onClose={onClose}
      onSubmit={() => propose.mutate()}
    >
      <p className="text-sm text-soft">{t('hint')}</p>
      <TextArea data-first label={t('reason')} hint={t('reasonHint')} rows={3} dir="auto" maxLength={REASON_LETTERS_MAX} value={reason} onChange={(event) => setReason(event.target.value)} />
    </FormDialog>
  );
}
