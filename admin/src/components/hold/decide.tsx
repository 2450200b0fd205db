'use client';

import { Check, MessageSquareReply, Pencil, X } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { useTranslations } from 'use-intl';
import { Arguments } from '@/components/arguments';
import { AsDialog, later } from '@/components/later';
import { Refusal } from '@/components/step-up';
import { EffectBadge } from '@/components/effect-badge';
import { useNeedsText } from '@/components/needs';
import { ToolName } from '@/components/tool-name';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { useToast } from '@/components/ui/toast';
import { may, useMe } from '@/lib/me';
import { useShortcuts } from '@/lib/shortcuts';
import { rolesOf, useDecide, type Hold } from './use-hold';

// They come when they are wanted: most who look at a card want neither.
const EditDialog = later(() => import('./edit-dialog').then((loaded) => loaded.EditDialog), AsDialog);
const WordsDialog = later(() => import('./words-dialog').then((loaded) => loaded.WordsDialog), AsDialog);

type Wish = 'approve' | 'reject' | 'revise' | 'edit';

interface DecideProps {
  /** The action as it was shown: an approval is for exactly this. */
  shown: Hold;
  /** What became of it, once it does not wait any more. */
  over: string | null;
  hasShortcuts: boolean;
  /** Hears of the action while a dialog about it is open, and of none when it is closed: what is written there goes with the card. */
  onDeciding?: (holdId: string | null) => void;
}

/** A failed wish stays in its dialog, which shows why. */
function stays(): void {}

/** Why one may not decide, if so. The server judges again whatever is shown. */
function useForbidden(shown: Hold): string | null {
  const t = useTranslations('hold');
  const needs = useNeedsText();
  const me = useMe();
  if (!may(me, 'holds:decide')) return t('mayNotDecide');
  if (shown.said.some((one) => one.person_id === me.person_id && one.approves)) return t('alreadySaid');
  if (shown.separate && (shown.person_id === me.person_id || shown.edited_by === me.person_id)) return t('othersOnly');
  if (!shown.needs.some((set) => set.some((role) => me.roles.includes(role)))) return t('otherRoles', { roles: needs(shown.needs) });
  return null;
}

/** Approve or reject. Approving asks once more and shows what will happen; rejecting takes a reason along. */
export function Decide({ shown, over: ended, hasShortcuts, onDeciding }: DecideProps) {
  const t = useTranslations('hold');
  const toast = useToast();
  const router = useRouter();
  const [wanted, setOpen] = useState<Wish | null>(null);
  const decide = useDecide(shown.hold_id);
  // One's own word ends it too, and is no news.
  const isSaying = [decide.approve, decide.reject, decide.revise, decide.edit].some((one) => one.isPending);
  const over = isSaying ? null : ended;
  // It does not wait any more: nothing is left to confirm, and what is being written stays.
  const open = over !== null && wanted === 'approve' ? null : wanted;
  const [key, setKey] = useState('');
  const forbidden = useForbidden(shown);
  const deciding = open === null ? null : shown.hold_id;
  useEffect(() => onDeciding?.(deciding), [onDeciding, deciding]);

  const begin = (what: Wish) => {
    if (forbidden !== null || ended !== null) return;
    decide.approve.reset();
    decide.reject.reset();
    decide.revise.reset();
    decide.edit.reset();
    setKey(decide.newKey());
    setOpen(what);
  };
  useShortcuts(hasShortcuts && open === null, { a: () => begin('approve'), r: () => begin('reject'), v: () => begin('revise'), e: () => begin('edit') });

  const close = () => {
    setOpen(null);
  };
  const approve = () => {
    // What follows hangs on the answer alone, whatever becomes of the card meanwhile.
    void decide.approve.mutateAsync({ envelopeId: shown.envelope_id, key }).then((hold) => {
      toast(hold.state === 'held' ? t('approvedMoreNeeded') : t('approved'));
      close();
    }, stays);
  };

  return (
    <>
      {ended === null && (
        <div className="grid grid-cols-2 gap-2 sm:flex sm:flex-wrap">
          <Button tone="primary" forbidden={forbidden} onClick={() => begin('approve')} aria-keyshortcuts={hasShortcuts ? 'a' : undefined}>
            <Check className="size-4" aria-hidden />
            {t('approve')}
          </Button>
          <Button tone="danger" forbidden={forbidden} onClick={() => begin('reject')} aria-keyshortcuts={hasShortcuts ? 'r' : undefined}>
            <X className="size-4" aria-hidden />
            {t('reject')}
          </Button>
          <Button forbidden={forbidden} onClick={() => begin('revise')} aria-keyshortcuts={hasShortcuts ? 'v' : undefined} className="max-sm:col-span-2">
            <MessageSquareReply className="size-4" aria-hidden />
            {t('revise')}
          </Button>
          <Button forbidden={forbidden} onClick={() => begin('edit')} aria-keyshortcuts={hasShortcuts ? 'e' : undefined} className="max-sm:col-span-2">
            <Pencil className="size-4" aria-hidden />
            {t('edit')}
          </Button>
        </div>
      )}
      {forbidden !== null && ended === null && <p className="text-sm text-soft">{forbidden}</p>}
      {open === 'approve' && (
        <Dialog title={t('approveTitle')} onClose={close}>
          <p className="flex flex-wrap items-center gap-2 font-medium">
            <ToolName name={shown.tool} /> <EffectBadge effect={shown.effect} />
          </p>
          <Arguments value={shown.arguments} provenance={shown.provenance} roles={rolesOf(shown)} />
          <p className="text-sm text-soft">{t('approveHint')}</p>
          {decide.approve.isError && <Refusal error={decide.approve.error} onGiven={approve} />}
          <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
            <Button onClick={close}>{t('notNow')}</Button>
            <Button tone="primary" data-first isBusy={decide.approve.isPending} onClick={approve}>
              {t('approveExactly')}
            </Button>
          </div>
        </Dialog>
      )}
      {open === 'edit' && (
        <EditDialog
          shown={shown}
          over={over}
          isBusy={decide.edit.isPending}
          error={decide.edit.error}
          onClose={close}
          onEdit={(args, wish) => {
            void decide.edit.mutateAsync({ args, key: wish }).then((next) => {
              toast(t('editedNow'));
              close();
              // In a conversation the card follows by itself.
              if (hasShortcuts) router.replace(`/holds/${next.hold_id}`);
            }, stays);
          }}
        />
      )}
      {open === 'revise' && (
        <WordsDialog
          title={t('reviseTitle')}
          label={t('guidance')}
          hint={t('guidanceHint')}
          isNeeded
          tone="primary"
          submit={t('revise')}
          over={over}
          isBusy={decide.revise.isPending}
          error={decide.revise.error}
          onChange={() => setKey(decide.newKey())}
          onClose={close}
          onSay={(guidance) => {
            void decide.revise.mutateAsync({ guidance, key }).then(() => {
              toast(t('revised'));
              close();
            }, stays);
          }}
        />
      )}
      {open === 'reject' && (
        <WordsDialog
          title={t('rejectTitle')}
          label={t('reason')}
          hint={t('reasonHint')}
          tone="danger"
          submit={t('reject')}
          over={over}
          isBusy={decide.reject.isPending}
          error={decide.reject.error}
          onChange={() => setKey(decide.newKey())}
          onClose={close}
          onSay={(reason) => {
            void decide.reject.mutateAsync({ reason, key }).then(() => {
              toast(t('rejected'));
              close();
            }, stays);
          }}
        />
      )}
    </>
  );
}
