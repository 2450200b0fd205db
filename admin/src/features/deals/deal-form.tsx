'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useStageNames } from '@/components/record/stage';
import { useWorkspaces, WorkspaceSelect } from '@/components/workspace-select';
import { Input, Select } from '@/components/ui/field';
import { FormDialog } from '@/components/ui/form-dialog';
import { useToast } from '@/components/ui/toast';
import { answer, answerPage, api, idempotencyKey, type Schemas } from '@/lib/api/client';
import { isConflict } from '@/lib/api/problem';
import { majorText, minorOf } from '@/lib/money';
import { STAGES } from '@/lib/stages';

type Deal = Schemas['DealView'];

const TITLE_LETTERS_MAX = 300;
const STAGE_LETTERS_MAX = 60;
const COMPANIES_MAX = 200;
const CURRENCIES = ['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'INR', 'NPR', 'AED', 'SAR', 'EGP', 'MXN', 'BRL'] as const;

/** What was written about an amount: nothing, an amount, or something that is none. */
function amountOf(text: string, currency: string): Schemas['Amount'] | null | 'wrong' {
  if (text.trim() === '') return null;
  const minor = minorOf(text, currency);
  return minor === null ? 'wrong' : { minor, currency };
}

/** A new deal, or changes to one, for the version that was shown. */
export function DealForm({ deal, stage: first = 'new', onClose }: { deal?: Deal; stage?: string; onClose: () => void }) {
  const t = useTranslations('deals');
  const toast = useToast();
  const client = useQueryClient();
  const names = useStageNames();
  const workspaces = useWorkspaces();
  const list = useId();
  const [title, setTitle] = useState(deal?.title ?? '');
  const [stage, setStage] = useState(deal?.stage ?? first);
  const [amount, setAmount] = useState(deal?.amount == null ? '' : majorText(deal.amount));
  const [currency, setCurrency] = useState(deal?.amount?.currency ?? 'EUR');
  const [company, setCompany] = useState(deal?.company_id ?? '');
  const [workspace, setWorkspace] = useState('');
  const [key, setKey] = useState(idempotencyKey);
  const companies = useQuery({ queryKey: ['companies', 'choice'], queryFn: () => answerPage(api.GET('/api/v1/companies', { params: { query: { limit: COMPANIES_MAX } } })) });
  const where = deal?.workspace_id ?? (workspace === '' ? workspaces[0]?.workspace_id : workspace);
  const worth = amountOf(amount, currency);
  const save = useMutation({
    mutationFn: (given: Schemas['Amount'] | null) => {
      const fields = { title, stage, amount: given, company_id: company === '' ? null : company };
      if (deal === undefined) return answer(api.POST('/api/v1/deals', { params: { header: { 'Idempotency-Key': key } }, body: { ...fields, workspace_id: where } }));
      return answer(api.PATCH('/api/v1/deals/{id}', { params: { path: { id: deal.deal_id } }, body: { version: deal.version, ...fields } }));
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['deals'] });
      toast(t('saved'));
      onClose();
    },
    onError: (error) => {
      if (isConflict(error)) void client.invalidateQueries({ queryKey: ['deals'] });
    },
  });
  const currencies = CURRENCIES.some((one) => one === currency) ? CURRENCIES : [currency, ...CURRENCIES];
  return (
    <FormDialog
      title={deal === undefined ? t('new') : t('edit')}
      cancel={t('cancel')}
      submit={t('save')}
      isBusy={save.isPending}
      error={save.error}
      conflict={t('changedMeanwhile')}
      onClose={onClose}
      onChange={() => setKey(idempotencyKey())}
      onSubmit={() => {
        if (worth !== 'wrong') save.mutate(worth);
      }}
    >
      <Input data-first label={t('name')} value={title} required maxLength={TITLE_LETTERS_MAX} dir="auto" onChange={(event) => setTitle(event.target.value)} />
      <Input label={t('stage')} hint={t('stageHint')} value={stage} required maxLength={STAGE_LETTERS_MAX} list={list} onChange={(event) => setStage(event.target.value)} />
      <datalist id={list}>
        {STAGES.map((one) => (
          <option key={one} value={one}>
            {names(one)}
          </option>
        ))}
      </datalist>
      <div className="grid grid-cols-[1fr_7rem] gap-2">
        <Input label={t('amount')} value={amount} inputMode="decimal" dir="ltr" error={worth === 'wrong' ? t('noAmount') : null} onChange={(event) => setAmount(event.target.value)} />
        <Select label={t('currency')} value={currency} onChange={(event) => setCurrency(event.target.value)}>
          {currencies.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </Select>
      </div>
      <Select label={t('company')} value={company} onChange={(event) => setCompany(event.target.value)}>
        <option value="">{t('noCompany')}</option>
        {companies.data?.items
          .filter((one) => where === undefined || one.workspace_id === where)
          .map((one) => (
            <option key={one.company_id} value={one.company_id}>
              {one.name}
            </option>
          ))}
      </Select>
      {deal === undefined && <WorkspaceSelect value={workspace} onChange={setWorkspace} />}
    </FormDialog>
  );
}
