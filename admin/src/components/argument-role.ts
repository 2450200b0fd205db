import { useTranslations } from 'use-intl';

/** Those that are marked on cards too. */
const MARKED = ['recipient', 'payee', 'member', 'amount', 'url'] as const;
const OTHERS = ['path', 'value', 'content', 'query', 'mode'] as const;
/** Of an id, which record it names: `id:contact`. */
const ID = 'id:';
const RECORDS = ['contact', 'company', 'deal', 'document'] as const;

/** What an argument is for, as a manifest says it, in the reader's words; a kind of record that only a plugin knows is called what the plugin calls it. */
export function useArgumentRole(): (role: string) => string {
  const marked = useTranslations('origin');
  const t = useTranslations('tools');
  return (role) => {
    const first = MARKED.find((one) => one === role);
    if (first !== undefined) return marked(`role.${first}`);
    const other = OTHERS.find((one) => one === role);
    if (other !== undefined) return t(`role.${other}`);
    if (!role.startsWith(ID)) return role;
    const name = role.slice(ID.length);
    const record = RECORDS.find((one) => one === name);
    return t('roleRecord', { record: record === undefined ? name : t(`record.${record}`) });
  };
}
