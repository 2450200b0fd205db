'use client';

import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { useTranslations } from 'use-intl';
import { RecordForm } from '@/components/record/record-form';
import { useStageNames } from '@/components/record/stage';
import { Input, Select } from '@/components/ui/field';
import { usePlace, WorkspaceSelect } from '@/components/workspace-select';
import { answer, answerPage, api, type Schemas } from '@/lib/api/client';
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

/** A new deal, or changes to one. */
export function DealForm({ deal, stage: first = 'new', onClose }: { deal?: Deal; stage?: string; onClose: () => void }) {
  const t = useTranslations('deals');
  const names = useStageNames();
  const place = usePlace();
  const list = useId();
  const [title, setTitle] = useState(deal?.title ?? '');
  const [stage, setStage] = useState(deal?.stage ?? first);
  const [amount, setAmount] = useState(deal?.amount == null ? '' : majorText(deal.amount));
  const [currency, setCurrency] = useState(deal?.amount?.currency ?? 'EUR');
  const [company, setCompany] = useState(deal?.company_id ?? '');
  const companies = useQuery({ queryKey: ['companies', 'choice'], queryFn: () => answerPage(api.GET('/api/v1/companies', { params: { query: { limit: COMPANIES_MAX } } })) });
  const where = deal?.workspace_id ?? place.id;
  const worth = amountOf(amount, currency);
  const save = (key: string) => {
    const fields = { title, stage, amount: worth === 'wrong' ? null : worth, company_id: company === '' ? null : company };
    return deal === undefined
      ? answer(api.POST('/api/v1/deals', { params: { header: { 'Idempotency-Key': key } }, body: { ...fields, workspace_id: where } }))
      : answer(api.PATCH('/api/v1/deals/{id}', { params: { path: { id: deal.deal_id } }, body: { version: deal.version, ...fields } }));
  };
  const currencies = CURRENCIES.some((one) => one === currency) ? CURRENCIES : [currency, ...CURRENCIES];
  return (
    <RecordForm title={deal === undefined ? t('new') : t('edit')} of="deals" save={save} isWrong={worth === 'wrong'} onClose={onClose}>
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
      {deal === undefined && <WorkspaceSelect {...place} />}
    </RecordForm>
  );
}
