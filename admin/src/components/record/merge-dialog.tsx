'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { Dialog } from '@/components/ui/dialog';
import { DialogForm } from '@/components/ui/form-dialog';
import { Failed, Loading } from '@/components/ui/states';
import { useToast } from '@/components/ui/toast';
import { idempotencyKey } from '@/lib/api/client';
import { choiceOf, differing, type MergeField, type Picks } from '@/lib/merge';
import type { Entry } from './duplicates';
import { Pick } from './pick';

/** What a merge is, of the versions that were looked at. */
interface Merging {
  version: number;
  other_id: string;
  other_version: number;
  choose: Record<string, 'kept' | 'other'>;
}

interface Mergeable {
  version: number;
  integrity: string;
  merged_into?: string | null;
}

interface MergeDialogProps<T extends Mergeable> {
  /** Which records; also the place they stand at. */
  of: 'contacts' | 'companies';
  /** The two, the older one first. */
  ids: [string, string];
  words: { title: string; staysHint: string; done: (name: string) => string };
  read: (id: string) => Promise<T>;
  show: (one: T) => Entry;
  fields: readonly MergeField<T>[];
  /** Merges into the record of this id and answers with what it is then. */
  merge: (id: string, body: Merging, key: string) => Promise<T>;
  onClose: () => void;
  /** What becomes of all that is not chosen. */
  children?: React.ReactNode;
}

/** Two records side by side, and whose values are kept. */
export function MergeDialog<T extends Mergeable>(props: MergeDialogProps<T>) {
  const { of, ids, words, read, onClose } = props;
  const t = useTranslations('merge');
  // Always as they are now: what is merged is what was looked at.
  const both = useQuery({
    queryKey: [of, 'pair', ...ids],
    queryFn: () => Promise.all([read(ids[0]), read(ids[1])]),
    staleTime: 0,
    // What is looked at stays as it is; a record that changed meanwhile is refused.
    refetchOnWindowFocus: false,
    gcTime: 0,
  });
  const isGone = both.data?.some((one) => one.merged_into != null) === true;
  // One dialog from the first moment on: what it shows changes, and it does not open anew.
  return (
    <Dialog title={words.title} isTall onClose={onClose}>
      {both.isPending && <Loading />}
      {both.data === undefined && both.isError && <Failed error={both.error} onRetry={() => void both.refetch()} />}
      {isGone && <p>{t('gone')}</p>}
      {both.data !== undefined && !isGone && <Compare {...props} sides={both.data} />}
    </Dialog>
  );
}

function Compare<T extends Mergeable>({ of, words, show, fields, merge, onClose, children, sides }: MergeDialogProps<T> & { sides: [T, T] }) {
  const t = useTranslations('merge');
  const toast = useToast();
  const router = useRouter();
  const client = useQueryClient();
  const [isSwapped, setSwapped] = useState(false);
  const [picks, setPicks] = useState<Picks>({});
  const [key, setKey] = useState(idempotencyKey);
  const [first, second] = sides;
  const [kept, other] = isSwapped ? [second, first] : [first, second];
  const stays = isSwapped ? 1 : 0;
  const merging = useMutation({
    mutationFn: () => merge(show(kept).id, { version: kept.version, other_id: show(other).id, other_version: other.version, choose: choiceOf(picks, isSwapped) }, key),
    onSuccess: async (merged) => {
      // People and deals of the other are this one's now. The two of this dialog are not asked for again: after its own merge it would say
      // that they are not there any more.
      for (const list of ['companies', 'contacts', 'deals']) await client.invalidateQueries({ queryKey: [list], predicate: ({ queryKey }) => queryKey[1] !== 'pair' });
      const { id, name } = show(merged);
      toast(words.done(name));
      router.push(`/${of}/${id}`);
    },
  });
  return (
    <DialogForm
      cancel={t('cancel')}
      submit={t('submit')}
      isBusy={merging.isPending}
      error={merging.error}
      conflict={t('stale')}
      onClose={onClose}
      onChange={() => {
        setKey(idempotencyKey());
        merging.reset();
      }}
      onSubmit={() => merging.mutate()}
    >
      <Pick
        isFirst
        legend={t('stays')}
        options={sides.map((side) => show(side).name)}
        details={sides.map((side) => show(side).details)}
        value={stays}
        onPick={(at) => setSwapped(at === 1)}
      />
      <p className="text-sm text-soft">{words.staysHint}</p>
      {fields
        .filter((field) => differing(field, first, second))
        .map(({ name, label, value, shown = value }) => (
          <Pick
            key={name}
            legend={t('whose', { field: label })}
            options={sides.map((side) => shown(side) ?? '')}
            value={picks[name] ?? stays}
            onPick={(at) => setPicks({ ...picks, [name]: at })}
          />
        ))}
      {children}
      {first.integrity !== second.integrity && [first, second].some((side) => side.integrity === 'outside') && <p className="text-sm text-wait">{t('outside')}</p>}
    </DialogForm>
  );
}
