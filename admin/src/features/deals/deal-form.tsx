'use client';

import { useId, useState } from 'react';
import { useTranslations } from 'use-intl';
import { RecordForm } from '@/components/record/record-form';
import { useStageNames } from '@/components/record/stage';
import { useOpened } from '@/components/record/use-opened';
import { Input, Select } from '@/components/ui/field';
import { usePlace, WorkspaceSelect } from '@/components/workspace-select';
import { answer, api, type Schemas } from '@/lib/api/client';
import { majorText, minorOf } from '@/lib/money';
import { STAGES } from '@/lib/stages';
import { CompanyField, ContactField, type Chosen } from './choice-field';

type Deal = Schemas['DealView'];

const TITLE_LETTERS_MAX = 300;
const STAGE_LETTERS_MAX = 60;
const CURRENCIES = ['EUR', 'USD', 'GBP', 'CHF', 'JPY', 'INR', 'NPR', 'AED', 'SAR', 'EGP', 'MXN', 'BRL'] as const;

/** What was written about an amount: nothing, an amount, or something that is none. */
function amountOf(text: string, currency: string): Schemas['Amount'] | null | 'wrong' {
  if (text.trim() === '') return null;
  const minor = minorOf(text, currency);
  return minor === null ? 'wrong' : { minor, currency };
}

/** The company that a deal has. A change takes another one in its place, and cannot take it away. */
function companyOf({ company_id: id, company_name: name, workspace_id: workspace }: Deal): Chosen | null {
  return id == null ? null : { id, name: name ?? `…${id.slice(-6)}`, workspace };
}

/** The contact that a deal has, likewise. */
function contactOf({ contact_id: id, contact_name: name, workspace_id: workspace }: Deal): Chosen | null {
  return id == null ? null : { id, name: name ?? `…${id.slice(-6)}`, workspace };
}

/** A new deal, or changes to one. */
export function DealForm({ deal: live, stage: first = 'new', onClose }: { deal?: Deal; stage?: string; onClose: () => void }) {
  const t = useTranslations('deals');
  const names = useStageNames();
  const place = usePlace();
  const list = useId();
  const { opened: deal, takeUp } = useOpened(live, ['deals', 'one', live?.deal_id]);
  const [title, setTitle] = useState(deal?.title ?? '');
  const [stage, setStage] = useState(deal?.stage ?? first);
  const [amount, setAmount] = useState(deal?.amount == null ? '' : majorText(deal.amount));
  const [currency, setCurrency] = useState(deal?.amount?.currency ?? 'EUR');
  const [chosenCompany, setCompany] = useState(deal === undefined ? null : companyOf(deal));
  const [chosenContact, setContact] = useState(deal === undefined ? null : contactOf(deal));
  const where = deal?.workspace_id ?? place.id;
  // A record of another workspace is none of this one's.
  const here = (chosen: Chosen | null) => (chosen !== null && where !== undefined && chosen.workspace !== where ? null : chosen);
  const [company, contact] = [here(chosenCompany), here(chosenContact)];
  const worth = amountOf(amount, currency);
  const fields = { title, stage, amount: worth === 'wrong' ? null : worth, company_id: company?.id ?? null, contact_id: contact?.id ?? null };
  const [was] = useState(fields);
  const save = (key: string) => {
    if (deal === undefined) return answer(api.POST('/api/v1/deals', { params: { header: { 'Idempotency-Key': key } }, body: { ...fields, workspace_id: where } }));
    const isWorthOther = fields.amount?.minor !== was.amount?.minor || fields.amount?.currency !== was.amount?.currency;
    // What is as it was is not said again: it may have been changed elsewhere meanwhile.
    const changed = {
      ...(title !== was.title && { title }),
      ...(stage !== was.stage && { stage }),
      ...(isWorthOther && { amount: fields.amount, no_amount: fields.amount === null }),
      ...(fields.company_id !== was.company_id && { company_id: fields.company_id }),
      ...(fields.contact_id !== was.contact_id && { contact_id: fields.contact_id }),
    };
    return answer(api.PATCH('/api/v1/deals/{id}', { params: { path: { id: deal.deal_id } }, body: { version: deal.version, ...changed } }));
  };
  const currencies = CURRENCIES.some((one) => one === currency) ? CURRENCIES : [currency, ...CURRENCIES];
  return (
    <RecordForm title={deal === undefined ? t('new') : t('edit')} of="deals" save={save} isWrong={worth === 'wrong'} onConflict={takeUp} onClose={onClose}>
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
      <CompanyField where={where} value={company} hasNone={deal?.company_id == null} onChange={setCompany} />
      <ContactField where={where} value={contact} hasNone={deal?.contact_id == null} onChange={setContact} />
      {deal === undefined && <WorkspaceSelect {...place} />}
    </RecordForm>
  );
}
