'use client';

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { useProblemText } from '@/components/problem-text';
import { SearchField } from '@/components/search-field';
import { Select } from '@/components/ui/field';
import { answerPage, api } from '@/lib/api/client';

/** So many are there to choose from at once; others are found by their words. */
const FOUND_MAX = 50;

/** A record that was chosen: it stays among the options whatever is searched for. */
export interface Chosen {
  id: string;
  name: string;
  workspace: string;
}

interface FieldProps {
  /** Only records of this workspace; all until it is known. */
  where: string | undefined;
  value: Chosen | null;
  /** Whether it may be none. */
  hasNone: boolean;
  onChange: (chosen: Chosen | null) => void;
}

/** What is found by words, and whether there is more of it. */
interface Found {
  options: Chosen[];
  hasMore: boolean;
}

interface ChoiceFieldProps extends FieldProps {
  of: 'companies' | 'contacts';
  look: (query: { q: string | undefined; workspace_id: string | undefined; limit: number }) => Promise<Found>;
  label: string;
  none: string;
  find: string;
  /** How many are there to choose from, and that there are more than these. */
  count: (count: number, hasMore: boolean) => string;
}

/** A company, out of however many there are. */
export function CompanyField(props: FieldProps) {
  const t = useTranslations('deals');
  const look: ChoiceFieldProps['look'] = async (query) => {
    const { items, next_cursor: next } = await answerPage(api.GET('/api/v1/companies', { params: { query } }));
    return { options: items.map((one) => ({ id: one.company_id, name: one.name, workspace: one.workspace_id })), hasMore: next !== null };
  };
  return <ChoiceField {...props} of="companies" look={look} label={t('company')} none={t('noCompany')} find={t('findCompany')} count={(count, hasMore) => (hasMore ? t('companiesMore', { count }) : t('companiesFound', { count }))} />;
}

/** A contact, out of however many there are: two of one name are told apart by their company or address. */
export function ContactField(props: FieldProps) {
  const t = useTranslations('deals');
  const look: ChoiceFieldProps['look'] = async (query) => {
    const { items, next_cursor: next } = await answerPage(api.GET('/api/v1/contacts', { params: { query } }));
    const options = items.map((one) => ({ id: one.contact_id, name: [one.display_name, one.company?.name ?? one.emails[0]?.value].filter((part) => part !== undefined).join(' · '), workspace: one.workspace_id }));
    return { options, hasMore: next !== null };
  };
  return <ChoiceField {...props} of="contacts" look={look} label={t('contact')} none={t('noContact')} find={t('findContact')} count={(count, hasMore) => (hasMore ? t('contactsMore', { count }) : t('contactsFound', { count }))} />;
}

function ChoiceField({ of, look, label, none, find, count, where, value, hasNone, onChange }: ChoiceFieldProps) {
  const problem = useProblemText();
  const [words, setWords] = useState('');
  const found = useQuery({
    queryKey: [of, 'choice', where ?? '', words],
    queryFn: () => look({ q: words === '' ? undefined : words, workspace_id: where, limit: FOUND_MAX }),
    // While one searches on, what was found stays; records of another workspace are no choice here.
    placeholderData: (found, before) => (before?.queryKey[2] === (where ?? '') ? found : undefined),
  });
  const options = found.data?.options ?? [];
  const isListed = value === null || options.some((one) => one.id === value.id);
  const all = isListed ? options : [value, ...options];
  // The line is there before it is known how many there are.
  const hint = found.isError ? problem(found.error) : found.data === undefined ? '…' : count(options.length, found.data.hasMore);
  return (
    <div className="grid items-start gap-2 sm:grid-cols-2">
      <Select label={label} hint={hint} value={value?.id ?? ''} onChange={(event) => onChange(all.find((one) => one.id === event.target.value) ?? null)}>
        {(hasNone || value === null) && <option value="">{none}</option>}
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
        <SearchField label={find} value={words} onChange={setWords} />
      </div>
    </div>
  );
}
