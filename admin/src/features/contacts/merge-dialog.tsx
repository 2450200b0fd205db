'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Pick } from '@/components/record/pick';
import { Dialog } from '@/components/ui/dialog';
import { DialogForm } from '@/components/ui/form-dialog';
import { Failed, Loading } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { answer, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { CHOSEN, choiceOf, differing, type ChosenField, type Picks } from '@/lib/merge';

type Contact = Schemas['ContactView'];

interface MergeDialogProps {
  /** The two, the older one first. */
  ids: [string, string];
  onClose: () => void;
}

/** Two contacts side by side, and whose values are kept. */
export function MergeDialog({ ids, onClose }: MergeDialogProps) {
  const t = useTranslations('contacts.merge');
  // Always as they are now: what is merged is what was looked at.
  const both = useQuery({
    queryKey: ['contacts', 'pair', ...ids],
    queryFn: () => Promise.all([one(ids[0]), one(ids[1])]),
    staleTime: 0,
    // What is looked at stays as it is; a record that changed meanwhile is refused.
    refetchOnWindowFocus: false,
    gcTime: 0,
  });
  const isGone = both.data?.some((contact) => contact.merged_into != null) === true;
  // One dialog from the first moment on: what it shows changes, and it does not open anew.
  return (
    <Dialog title={t('dialog')} onClose={onClose}>
      {both.isPending && <Loading />}
      {both.data === undefined && both.isError && <Failed error={both.error} onRetry={() => void both.refetch()} />}
      {isGone && <p>{t('gone')}</p>}
      {both.data !== undefined && !isGone && <Compare first={both.data[0]} second={both.data[1]} onClose={onClose} />}
    </Dialog>
  );
}

function one(id: string): Promise<Contact> {
  return answer(api.GET('/api/v1/contacts/{id}', { params: { path: { id } } }));
}

function Compare({ first, second, onClose }: { first: Contact; second: Contact; onClose: () => void }) {
  const t = useTranslations('contacts.merge');
  const words = useTranslations('contacts');
  const toast = useToast();
  const router = useRouter();
  const client = useQueryClient();
  const [isSwapped, setSwapped] = useState(false);
  const [picks, setPicks] = useState<Picks>({});
  const [key, setKey] = useState(idempotencyKey);
  const [kept, other] = isSwapped ? [second, first] : [first, second];
  const merge = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/contacts/{id}/merge', {
          params: { path: { id: kept.contact_id }, header: { 'Idempotency-Key': key } },
          body: { version: kept.version, other_id: other.contact_id, other_version: other.version, choose: choiceOf(picks, isSwapped) },
        }),
      ),
    onSuccess: async (contact) => {
      // The two of this dialog are not asked for again: after its own merge it would say that they are not there any more.
      await client.invalidateQueries({ queryKey: ['contacts'], predicate: ({ queryKey }) => queryKey[1] !== 'pair' });
      toast(t('done', { name: contact.display_name }));
      router.push(`/contacts/${contact.contact_id}`);
    },
  });
  const names: Record<ChosenField, string> = {
    display_name: t('displayName'),
    given_name: t('givenName'),
    family_name: t('familyName'),
    company: words('company'),
    job_title: words('job'),
    birthday: words('birthday'),
  };
  const sides = [first, second] as const;
  return (
    <DialogForm
      cancel={t('cancel')}
      submit={t('submit')}
      isBusy={merge.isPending}
      error={merge.error}
      conflict={t('stale')}
      onClose={onClose}
      onChange={() => {
        setKey(idempotencyKey());
        merge.reset();
      }}
      onSubmit={() => merge.mutate()}
    >
      <Pick
        isFirst
        legend={t('stays')}
        options={sides.map((side) => side.display_name)}
        details={sides.map((side) => [...side.emails, ...side.phones].map((point) => point.value).join(', '))}
        value={isSwapped ? 1 : 0}
        onPick={(at) => setSwapped(at === 1)}
      />
      <p className="text-sm text-soft">{t('staysHint')}</p>
      {CHOSEN.filter((field) => differing(first, second, field)).map((field) => (
        <Pick
          key={field}
          legend={t('whose', { field: names[field] })}
          options={sides.map((side) => (field === 'company' ? side.company?.name : side[field]) ?? t('noValue'))}
          value={picks[field] ?? (isSwapped ? 1 : 0)}
          onPick={(at) => setPicks({ ...picks, [field]: at })}
        />
      ))}
      <div className="grid gap-1 text-sm">
        <p className="font-medium">{t('joined')}</p>
        <p className="text-soft">{t('joinedHint')}</p>
        {first.integrity !== second.integrity && (first.integrity === 'outside' || second.integrity === 'outside') && <p className="text-wait">{t('outside')}</p>}
      </div>
    </DialogForm>
  );
}
