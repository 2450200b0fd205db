'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useProblemText } from '@/components/problem-text';
import { SearchField } from '@/components/search-field';
import { Select } from '@/components/ui/field';
import { answerPage, api } from '@/lib/api/client';

/** So many are there to choose from at once; others are found by their name. */
const FOUND_MAX = 50;

/** A company that was chosen: it stays among the options whatever is searched for. */
export interface ChosenCompany {
  id: string;
  name: string;
  workspace: string;
}

interface CompanyFieldProps {
  /** Only companies of this workspace; all until it is known. */
  where: string | undefined;
  value: ChosenCompany | null;
  /** Whether it may be none. */
  hasNone: boolean;
  onChange: (company: ChosenCompany | null) => void;
}

/** A company, out of however many there are. */
export function CompanyField({ where, value, hasNone, onChange }: CompanyFieldProps) {
  const t = useTranslations('deals');
  const problem = useProblemText();
  const [words, setWords] = useState('');
  const companies = useQuery({
    queryKey: ['companies', 'choice', where ?? '', words],
    queryFn: () => answerPage(api.GET('/api/v1/companies', { params: { query: { q: words === '' ? undefined : words, workspace_id: where, limit: FOUND_MAX } } })),
    // While one searches on, what was found stays; companies of another workspace are no choice here.
    placeholderData: (found, before) => (before?.queryKey[2] === (where ?? '') ? found : undefined),
  });
  const found = companies.data?.items ?? [];
  const options: ChosenCompany[] = found.map((one) => ({ id: one.company_id, name: one.name, workspace: one.workspace_id }));
  const isListed = value === null || options.some((one) => one.id === value.id);
  const all = isListed ? options : [value, ...options];
  // The line is there before it is known how many there are.
  const hint = companies.isError ? problem(companies.error) : companies.data === undefined ? '…' : companies.data.next_cursor !== null ? t('companiesMore', { count: found.length }) : t('companiesFound', { count: found.length });
  return (
    <div className="grid items-start gap-2 sm:grid-cols-2">
      <Select label={t('company')} hint={hint} value={value?.id ?? ''} onChange={(event) => onChange(all.find((one) => one.id === event.target.value) ?? null)}>
        {(hasNone || value === null) && <option value="">{t('noCompany')}</option>}
        {all.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </Select>
      {/* Enter searches, which is done by then, and does not save what the form holds. */}
      <div
        className="sm:pt-6"
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) event.preventDefault();
        }}
      >
        <SearchField label={t('findCompany')} value={words} onChange={setWords} />
      </div>
    </div>
  );
}
