'use client';

import { Check, Undo2, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useSubjectText } from '@/components/change-subject';
import { Refusal } from '@/components/step-up';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextArea } from '@/components/ui/field';
import { Over } from '@/components/ui/over';
import { Problem } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { idempotencyKey } from '@/lib/api/client';
import type { ChangeDetail } from '@/lib/change';
import { may, useMe } from '@/lib/me';
import { useSay } from './use-change';

/** The server takes no more bytes. */
const REASON_LETTERS_MAX = 500;

type Way = 'approve' | 'reject' | 'withdraw';

/** Why one may not approve or reject, if so. The server judges again whatever is shown. */
function useForbidden(change: ChangeDetail): Record<'approve' | 'reject', string | null> {
  const t = useTranslations('changes');
  const me = useMe();
  const both = change.proposed_by === me.person_id ? t('othersDecide') : may(me, 'changes:decide') ? null : t('ownersDecide');
  return { approve: both ?? (change.is_stale ? t('staleShort') : change.sound ? null : t('unsoundShort')), reject: both };
}

/** Approve exactly what is shown, reject it, or take one's own back. */
export function DecideChange({ change }: { change: ChangeDetail }) {
  const t = useTranslations('changes');
  const me = useMe();
  const say = useSay(change);
  const [way, setWay] = useState<Way | null>(null);
  const [key, setKey] = useState('');
  const forbidden = useForbidden(change);
  const isWaiting = change.state === 'proposed';
  const isOwn = change.proposed_by === me.person_id;
  const begin = (next: Way) => {
    say[next].reset();
    setKey(idempotencyKey());
    setWay(next);
  };
  const why = forbidden.approve ?? forbidden.reject;
  return (
    <>
      {isWaiting && (
        <section aria-label={t('decide')} className="sticky bottom-0 -mx-4 grid gap-2 border-t border-line bg-ground px-4 py-3 sm:-mx-6 sm:px-6">
          {why !== null && <p className="text-sm text-soft">{why}</p>}
          <div className="grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
            <Button tone="primary" forbidden={forbidden.approve} onClick={() => begin('approve')}>
              <Check className="size-4" aria-hidden />
              {t('approve')}
            </Button>
            <Button tone="danger" forbidden={forbidden.reject} onClick={() => begin('reject')}>
              <X className="size-4" aria-hidden />
              {t('reject')}
            </Button>
            {isOwn && (
              <Button forbidden={may(me, 'changes:propose') ? null : t('mayNotPropose')} onClick={() => begin('withdraw')} className="max-sm:col-span-2">
                <Undo2 className="size-4 rtl:-scale-x-100" aria-hidden />
                {t('withdraw')}
              </Button>
            )}
          </div>
        </section>
      )}
      {way !== null && <Ask change={change} way={way} over={isWaiting ? forbiddenNow(way, forbidden) : t('over')} say={say[way]} wishKey={key} onKey={() => setKey(idempotencyKey())} onClose={() => setWay(null)} />}
    </>
  );
}

/** What was asked may not be possible any more: why. */
function forbiddenNow(way: Way, forbidden: Record<'approve' | 'reject', string | null>): string | null {
  return way === 'withdraw' ? null : forbidden[way];
}

interface AskProps {
  change: ChangeDetail;
  way: Way;
  /** Why it cannot be said any more, if so. */
  over: string | null;
  say: ReturnType<typeof useSay>[Way];
  wishKey: string;
  onKey: () => void;
  onClose: () => void;
}

function Ask({ change, way, over, say, wishKey, onKey, onClose }: AskProps) {
  const t = useTranslations('changes');
  const subject = useSubjectText();
  const toast = useToast();
  const [reason, setReason] = useState('');
  // One's own word ends it too, and is no news.
  const why = say.isPending ? null : over;
  const send = () => {
    void say.mutateAsync({ reason: reason.trim(), key: wishKey }).then(
      () => {
        toast(t(`done.${way}`));
        onClose();
      },
      // What failed stays in the dialog, which says why.
      () => undefined,
    );
  };
  return (
    <Dialog title={t(`ask.${way}`)} onClose={onClose}>
      <p className="font-medium wrap-anywhere">
        <bdi>{subject(change)}</bdi>
      </p>
      <p className="text-sm text-soft">{t(`hint.${way}`)}</p>
      {way === 'approve' && (
        <code dir="ltr" className="rounded-lg bg-sunken px-3 py-2 font-mono text-xs break-all">
          {change.content_digest}
        </code>
      )}
      {way !== 'withdraw' && (
        <TextArea
          label={t('reason')}
          hint={t('reasonHint')}
          rows={2}
          dir="auto"
          maxLength={REASON_LETTERS_MAX}
          value={reason}
          onChange={(event) => {
            setReason(event.target.value);
            onKey();
          }}
        />
      )}
      {say.isError && (way === 'approve' ? <Refusal error={say.error} onGiven={send} /> : <Problem error={say.error} />)}
      <Over why={why} hasField={way !== 'withdraw'} />
      <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
        <Button onClick={onClose}>{t('notNow')}</Button>
        <Button tone={way === 'approve' ? 'primary' : 'danger'} data-first isBusy={say.isPending} forbidden={why} onClick={send}>
          {t(`take.${way}`)}
        </Button>
      </div>
    </Dialog>
  );
}
