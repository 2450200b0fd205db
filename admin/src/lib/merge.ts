import type { Schemas } from './api/client';

type Contact = Schemas['ContactView'];

/** Fields that hold one value, of which one is kept. */
export const CHOSEN = ['display_name', 'given_name', 'family_name', 'company', 'job_title', 'birthday'] as const;
export type ChosenField = (typeof CHOSEN)[number];

/** For each field, whose value: that of the first or of the second contact as they stand side by side. */
export type Picks = Partial<Record<ChosenField, 0 | 1>>;

function valueOf(contact: Contact, field: ChosenField): string {
  return (field === 'company' ? contact.company?.company_id : contact[field]) ?? '';
}

/** Whether there is anything to choose: the two have different values, and neither has none. */
export function differing(first: Contact, second: Contact, field: ChosenField): boolean {
  const [one, other] = [valueOf(first, field), valueOf(second, field)];
  return one !== other && one !== '' && other !== '';
}

/** The picks in the server's words, which say whose by who stays: the first, or after swapping the second. */
export function choiceOf(picks: Picks, isSwapped: boolean): Schemas['ChoiceOf'] {
  return whose(picks, isSwapped);
}

function whose(picks: Record<string, 0 | 1>, isSwapped: boolean): Record<string, 'kept' | 'other'> {
  const stays = isSwapped ? 1 : 0;
  return Object.fromEntries(Object.entries(picks).map(([field, at]) => [field, at === stays ? 'kept' : 'other']));
}

type Company = Schemas['CompanyView'];

/** Fields of a company, of which one value is kept. */
export const COMPANY_CHOSEN = ['name', 'website'] as const;
export type CompanyField = (typeof COMPANY_CHOSEN)[number];
export type CompanyPicks = Partial<Record<CompanyField, 0 | 1>>;

/** The same of two companies. */
export function differingCompanies(first: Company, second: Company, field: CompanyField): boolean {
  const [one, other] = [first[field] ?? '', second[field] ?? ''];
  return one !== other && one !== '' && other !== '';
}

/** The same of two companies. */
export function companyChoiceOf(picks: CompanyPicks, isSwapped: boolean): Schemas['CompanyChoiceOf'] {
  return whose(picks, isSwapped);
}
