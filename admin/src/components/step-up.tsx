'use client';

import { useMutation } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Button } from '@/components/ui/button';
import { CodeInput, isWrongCode } from '@/components/code-input';
import { Problem } from '@/components/ui/states';
import { answer, api, idempotencyKey } from '@/lib/api/client';
import { stepUpOf } from '@/lib/api/problem';

interface StepUpProps {
  error: unknown;
  /** The second factor was given for what the refusal named: the same is sent again. */
  onGiven: () => void;
}

/** What was refused, in words; where a second factor is missing, the place to give it. */
export function Refusal({ error, onGiven }: StepUpProps) {
  const wanted = stepUpOf(error);
  return wanted?.bound == null ? <Problem error={error} /> : <StepUp key={wanted.bound} bound={wanted.bound} onGiven={onGiven} />;
}

function StepUp({ bound, onGiven }: { bound: string; onGiven: () => void }) {
  const t = useTranslations('factor');
  const give = useMutation({
    mutationFn: (code: string) => answer(api.POST('/api/v1/session/step-up', { params: { header: { 'Idempotency-Key': idempotencyKey() } }, body: { for: bound, code } })),
    onSuccess: onGiven,
  });
  return (
    <form
      aria-label={t('stepUp')}
      className="grid gap-3 rounded-lg border border-wait bg-wait-wash p-3"
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        const code = new FormData(event.currentTarget).get('code');
        if (typeof code === 'string' && code.trim() !== '') give.mutate(code);
      }}
    >
      <p className="flex items-start gap-2 text-sm font-medium text-wait">
        <ShieldCheck className="mt-0.5 size-4 shrink-0" aria-hidden />
        {t('stepUpHint')}
      </p>
      <CodeInput hint={t('hintApp')} error={isWrongCode(give.error) ? t('wrong') : null} hasFocus />
      {give.isError && !isWrongCode(give.error) && <Problem error={give.error} />}
      <div>
        <Button type="submit" tone="primary" isBusy={give.isPending}>
          {t('give')}
        </Button>
      </div>
    </form>
  );
}
