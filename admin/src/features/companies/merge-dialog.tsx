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
import { COMPANY_CHOSEN, companyChoiceOf, differingCompanies, type CompanyField, type CompanyPicks } from '@/lib/merge';

type Company = Schemas['CompanyView'];

interface MergeDialogProps {
  /** The two, the older one first. */
  ids: [string, string];
  onClose: () => void;
}

/** Two entries side by side, and whose values are kept. */
export function MergeDialog({ ids, onClose }: MergeDialogProps) {
  const t = useTranslations('companies.merge');
  // Always as they are now, and then left as they were looked at; an entry that changed meanwhile is refused.
  const both = useQuery({ queryKey: ['companies', 'pair', ...ids], queryFn: () => Promise.all([one(ids[0]), one(ids[1])]), staleTime: 0, refetchOnWindowFocus: false, gcTime: 0 });
  const isGone = both.data?.some((company) => company.merged_into != null) === true;
  return (
    <Dialog title={t('dialog')} onClose={onClose}>
      {both.isPending && <Loading />}
      {both.data === undefined && both.isError && <Failed error={both.error} onRetry={() => void both.refetch()} />}
      {isGone && <p>{t('gone')}</p>}
      {both.data !== undefined && !isGone && <Compare first={both.data[0]} second={both.data[1]} onClose={onClose} />}
    </Dialog>
  );
}

function one(id: string): Promise<Company> {
  return answer(api.GET('/api/v1/companies/{id}', { params: { path: { id } } }));
}

function Compare({ first, second, onClose }: { first: Company; second: Company; onClose: () => void }) {
  const t = useTranslations('companies.merge');
  const words = useTranslations('companies');
  const toast = useToast();
  const router = useRouter();
  const client = useQueryClient();
  const [isSwapped, setSwapped] = useState(false);
  const [picks, setPicks] = useState<CompanyPicks>({});
  const [key, setKey] = useState(idempotencyKey);
  const [kept, other] = isSwapped ? [second, first] : [first, second];
  const merge = useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v1/companies/{id}/merge', {
          params: { path: { id: kept.company_id }, header: { 'Idempotency-Key': key } },
          body: { version: kept.version, other_id: other.company_id, other_version: other.version, choose: companyChoiceOf(picks, isSwapped) },
        }),
      ),
    onSuccess: async (company) => {
      // People and deals of the other are this one's now. The two of this dialog are not asked for again: after its own merge it would say
      // that they are not there any more.
      for (const list of ['companies', 'contacts', 'deals']) await client.invalidateQueries({ queryKey: [list], predicate: ({ queryKey }) => queryKey[1] !== 'pair' });
      toast(t('done', { name: company.name }));
      router.push(`/companies/${company.company_id}`);
    },
  });
  const names: Record<CompanyField, string> = { name: words('name'), website: words('website') };
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
        options={sides.map((side) => side.name)}
        details={sides.map((side) => side.website ?? words('noWebsite'))}
        value={isSwapped ? 1 : 0}
        onPick={(at) => setSwapped(at === 1)}
      />
      <p className="text-sm text-soft">{t('staysHint')}</p>
      {COMPANY_CHOSEN.filter((field) => differingCompanies(first, second, field)).map((field) => (
        <Pick
          key={field}
          legend={t('whose', { field: names[field] })}
          options={sides.map((side) => side[field] ?? '')}
          value={picks[field] ?? (isSwapped ? 1 : 0)}
          onPick={(at) => setPicks({ ...picks, [field]: at })}
        />
      ))}
      {first.integrity !== second.integrity && (first.integrity === 'outside' || second.integrity === 'outside') && <p className="text-sm text-wait">{t('outside')}</p>}
    </DialogForm>
  );
}
