'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Input, TextArea } from '@/components/ui/field';
import { Over } from '@/components/ui/over';
import { Problem } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { answer, api, done, idempotencyKey, type Schemas } from '@/lib/api/client';
import { dollarsText, microsOf } from '@/lib/budget';
import { useFormats } from '@/lib/format';

type Wait = Schemas['BudgetHoldView'];

/** What can become of a run that waits for money. */
export type Way = 'allow' | 'refuse' | 'break';

/** The server takes no shorter reason for a broken glass. */
const REASON_LETTERS_MIN = 10;

interface WaitDialogProps {
  wait: Wait;
  way: Way;
  /** Why nothing can be decided any more, if so. */
  over: string | null;
  onClose: () => void;
}

/** Lets a run go on by an amount, ends it, or breaks the glass, which asks for the password first. */
export function WaitDialog({ wait, way, over, onClose }: WaitDialogProps) {
  const t = useTranslations('waits');
  const budgets = useTranslations('budgets');
  const formats = useFormats();
  const toast = useToast();
  const client = useQueryClient();
  const [dollars, setDollars] = useState(dollarsText(wait.need_micros));
  const [reason, setReason] = useState('');
  const [password, setPassword] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const micros = microsOf(dollars);
  const decide = useMutation({
    mutationFn: async (amount_micros: number) => {
      const params = { path: { id: wait.budget_hold_id }, header: { 'Idempotency-Key': key } };
      if (way === 'refuse') return answer(api.POST('/api/v1/budgets/holds/{id}/refuse', { params, body: { reason } }));
      if (way === 'allow') return answer(api.POST('/api/v1/budgets/holds/{id}/allow', { params, body: { amount_micros, reason } }));
      await done(api.POST('/api/v1/session/prove', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { password } }));
      return answer(api.POST('/api/v1/budgets/holds/{id}/break-glass', { params, body: { amount_micros, reason } }));
    },
    onSuccess: () => {
      toast(t(`done.${way}`));
      onClose();
    },
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ['budget-holds'] });
      await client.invalidateQueries({ queryKey: ['budgets'] });
    },
  });
  // One's own word ends it too, and is no news.
  const why = decide.isPending ? null : over;
  return (
    <Dialog title={t(`ask.${way}`)} onClose={onClose}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (why === null && (way === 'refuse' || micros !== null)) decide.mutate(micros ?? 0);
        }}
        onChange={() => {
          setKey(idempotencyKey());
        }}
      >
        {way === 'break' && <p className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">{t('breakHint')}</p>}
        {way !== 'refuse' && (
          <Input
            data-first
            label={t('amount')}
            hint={micros === null ? t('amountHint') : `${budgets('asRead', { amount: formats.usdExact(micros) })} ${t('amountHint')}`}
            error={micros === null ? t('noAmount') : null}
            value={dollars}
            required
            inputMode="decimal"
            dir="ltr"
            onChange={(event) => setDollars(event.target.value)}
          />
        )}
        <TextArea
          data-first={way === 'refuse' || undefined}
          label={t('reason')}
          rows={2}
          dir="auto"
          value={reason}
          required={way === 'break'}
          minLength={way === 'break' ? REASON_LETTERS_MIN : undefined}
          onChange={(event) => setReason(event.target.value)}
        />
        {way === 'break' && <Input label={t('password')} type="password" autoComplete="current-password" value={password} required onChange={(event) => setPassword(event.target.value)} />}
        {decide.isError && <Problem error={decide.error} />}
        <Over why={why} />
        <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button tone={way === 'allow' ? 'primary' : 'danger'} type="submit" isBusy={decide.isPending} forbidden={why}>
            {t(`take.${way}`)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
