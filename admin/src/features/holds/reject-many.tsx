'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { ToolName } from '@/components/tool-name';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextArea } from '@/components/ui/field';
import { Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, idempotencyKey } from '@/lib/api/client';
import { seen } from '@/lib/seen';
import type { Hold } from './use-holds';

/** The server takes no more bytes. */
const REASON_LETTERS_MAX = 500;

interface RejectManyProps {
  holds: Hold[];
  onClose: () => void;
  /** Those that were rejected. */
  onDone: (ids: string[]) => void;
}

/** One no for several actions. Each is refused by itself: one that others decided meanwhile stops none of the rest. */
export function RejectMany({ holds, onClose, onDone }: RejectManyProps) {
  const t = useTranslations('hold');
  const toast = useToast();
  const client = useQueryClient();
  const [failed, setFailed] = useState<{ hold: Hold; error: unknown }[]>([]);
  // A refusal sent twice counts once: each action has its own key, another reason has others.
  const [keys, setKeys] = useState(() => new Map(holds.map((hold) => [hold.hold_id, idempotencyKey()])));
  const reject = useMutation({
    mutationFn: async (reason: string) => {
      const [done, wrong]: [string[], { hold: Hold; error: unknown }[]] = [[], []];
      for (const hold of holds) {
        const key = keys.get(hold.hold_id);
        try {
          await answer(api.POST('/api/v1/holds/{id}/reject', { params: { path: { id: hold.hold_id }, header: { 'Idempotency-Key': key } }, body: { reason } }));
          done.push(hold.hold_id);
        } catch (error) {
          wrong.push({ hold, error });
        }
      }
      // Said by what was sent: the queue may have changed meanwhile.
      return { done, wrong };
    },
    onSuccess: ({ done, wrong }) => {
      setFailed(wrong);
      if (done.length > 0) toast(t('rejectedMany', { count: done.length }));
      onDone(done);
      if (wrong.length === 0) onClose();
    },
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ['holds'] });
      await client.invalidateQueries({ queryKey: ['actions'] });
    },
  });
  return (
    <Dialog title={t('rejectManyTitle', { count: holds.length })} onClose={onClose}>
      <form
        className="grid gap-4"
        onChange={() => setKeys(new Map(holds.map((hold) => [hold.hold_id, idempotencyKey()])))}
        onSubmit={(event) => {
          event.preventDefault();
          const reason = new FormData(event.currentTarget).get('reason');
          reject.mutate(typeof reason === 'string' ? reason.trim() : '');
        }}
      >
        <ul className="max-h-48 divide-y divide-line overflow-y-auto rounded-lg border border-line text-sm">
          {holds.map((hold) => (
            <li key={hold.hold_id} className="grid gap-0.5 px-3 py-1.5">
              <About hold={hold} />
              <bdi className="truncate text-soft">{seen(hold.reason)}</bdi>
              <span className="truncate text-xs text-soft">
                {t('held')} <Ago at={hold.held_at} /> · {t('for')} <PersonName id={hold.person_id} />
              </span>
            </li>
          ))}
        </ul>
        {failed.map(({ hold, error }) => (
          <div key={hold.hold_id} className="grid gap-1">
            <p className="grid gap-0.5 text-sm">
              <About hold={hold} />
            </p>
            <Problem error={error} />
          </div>
        ))}
        <TextArea label={t('reason')} hint={t('reasonHint')} name="reason" rows={3} maxLength={REASON_LETTERS_MAX} data-first />
        <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
          <Button onClick={onClose}>{t('notNow')}</Button>
          <Button type="submit" tone="danger" isBusy={reject.isPending} forbidden={holds.length === 0 ? t('noneChosen') : null}>
            {t('rejectMany', { count: holds.length })}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Which action a line is about: its tool, and in the words of the tool what it would do. */
function About({ hold }: { hold: Hold }) {
  return (
    <>
      <span className="font-medium">
        <ToolName name={hold.tool} />
      </span>
      {hold.about != null && <bdi className="break-words">{seen(hold.about)}</bdi>}
    </>
  );
}
