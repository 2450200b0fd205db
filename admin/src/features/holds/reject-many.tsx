'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { ToolName } from '@/components/tool-name';
import { Button } from '@/components/ui/button';
import { CardList } from '@/components/ui/card-list';
import { Dialog } from '@/components/ui/dialog';
import { TextArea } from '@/components/ui/field';
import { ON_DEMAND } from '@/components/ui/rest';
import { Problem } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, idempotencyKey } from '@/lib/api/client';
import { isSignedOut, problemOf } from '@/lib/api/problem';
import { seen } from '@/lib/seen';
import type { Hold } from './use-holds';

/** The server takes no more bytes. */
const REASON_LETTERS_MAX = 500;
/** About how tall a line is. */
const LINE_PX = 76;

interface RejectManyProps {
  holds: Hold[];
  onClose: () => void;
  /** Those that were rejected. */
  onDone: (ids: ReadonlySet<string>) => void;
}

/** Whether the next one would fail for the same reason: nobody is there to hear it, or it is not known any more who says it. */
function endsAll(error: unknown): boolean {
  return problemOf(error) === null || isSignedOut(error);
}

/** One no for several actions. Each is refused by itself: one that others decided meanwhile stops none of the rest. */
export function RejectMany({ holds, onClose, onDone }: RejectManyProps) {
  const t = useTranslations('hold');
  const toast = useToast();
  const client = useQueryClient();
  const [failed, setFailed] = useState<{ hold: Hold; error: unknown }[]>([]);
  // A refusal sent twice counts once: each action has its own key, another reason has others.
  const [keys, setKeys] = useState(() => new Map(holds.map((hold) => [hold.hold_id, idempotencyKey()])));
  const [left, setLeft] = useState<number | null>(null);
  // Whoever closes the dialog in the middle of many has thought better of the rest.
  const isOpen = useRef(false);
  useEffect(() => {
    isOpen.current = true;
    return () => {
      isOpen.current = false;
    };
  }, []);
  const reject = useMutation({
    mutationFn: async (reason: string) => {
      const done = new Set<string>();
      const wrong: { hold: Hold; error: unknown }[] = [];
      for (const [at, hold] of holds.entries()) {
        if (!isOpen.current) break;
        setLeft(holds.length - at);
        const key = keys.get(hold.hold_id);
        try {
          await answer(api.POST('/api/v1/holds/{id}/reject', { params: { path: { id: hold.hold_id }, header: { 'Idempotency-Key': key } }, body: { reason } }));
          done.add(hold.hold_id);
        } catch (error) {
          wrong.push({ hold, error });
          if (endsAll(error)) break;
        }
      }
      // Said by what was sent: the queue may have changed meanwhile.
      return { done, wrong };
    },
    onSuccess: ({ done, wrong }) => {
      setLeft(null);
      setFailed(wrong);
      if (done.size > 0) toast(t('rejectedMany', { count: done.size }));
      onDone(done);
      if (wrong.length === 0 && isOpen.current) onClose();
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['holds'] });
      void client.invalidateQueries({ queryKey: ['actions'] });
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
        <div data-scrolls tabIndex={0} role="group" aria-label={t('rejectManyTitle', { count: holds.length })} className="relative max-h-48 overflow-y-auto rounded-lg border border-line text-sm">
          <CardList items={holds} keyOf={(hold) => hold.hold_id} guessPx={LINE_PX} hasLines query={ON_DEMAND}>
            {(hold) => (
              <div className="grid gap-0.5 px-3 py-1.5">
                <About hold={hold} />
                <bdi className="truncate text-soft">{seen(hold.reason)}</bdi>
                <span className="truncate text-xs text-soft">
                  {t('held')} <Ago at={hold.held_at} /> · {t('for')} <PersonName id={hold.person_id} />
                </span>
              </div>
            )}
          </CardList>
        </div>
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
            {t('rejectMany', { count: left ?? holds.length })}
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
