'use client';

import { Merge, Upload, Users } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Button, buttonLooks } from '@/components/ui/button';
import { Link } from '@/components/ui/link';
import { More } from '@/components/ui/more';
import { Empty, Failed, Loading, NoMatch } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { ImportDialog } from './import';

const PAGE = 100;
const TAGS_SHOWN = 3;

export function ContactsView() {
  const t = useTranslations('contacts');
  const me = useMe();
  const { get, set } = useAddress();
  const words = get('q');
  const { query, items } = useList(['contacts', words], (cursor) => answer(api.GET('/api/v1/contacts', { params: { query: { q: words === '' ? undefined : words, limit: PAGE, cursor } } })));
  const search = useCallback((q: string) => set({ q }), [set]);
  const open = () => set({ import: '1' });
  const actions = (
    <>
      <Link href="/contacts/duplicates" className={buttonLooks('quiet', 'small')}>
        <Merge className="size-4" aria-hidden />
        {t('duplicates')}
      </Link>
      <Button size="small" forbidden={may(me, 'contacts:import') ? null : t('mayNotImport')} onClick={open}>
        <Upload className="size-4" aria-hidden />
        {t('import')}
      </Button>
    </>
  );
  return (
    <Page title={t('title')} actions={actions} bar={<div className="sm:max-w-sm"><SearchField label={t('search')} value={words} onChange={search} /></div>}>
      {query.isPending && <Loading lines={8} />}
      {query.isError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess &&
        items.length === 0 &&
        (words === '' ? <Empty icon={<Users className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} /> : <NoMatch onClear={() => set({ q: '' })} />)}
      <ul className="divide-y divide-line">
        {items.map((contact) => (
          <Row key={contact.contact_id} contact={contact} />
        ))}
      </ul>
      <More query={query} />
      {get('import') !== '' && <ImportDialog onClose={() => set({ import: '' })} />}
    </Page>
  );
}

function Row({ contact }: { contact: Schemas['ContactView'] }) {
  const t = useTranslations('contacts');
  return (
    <li>
      <Link href={`/contacts/${contact.contact_id}`} className="grid gap-x-4 gap-y-0.5 px-4 py-2.5 hover:bg-sunken sm:px-6 lg:grid-cols-[14rem_1fr_1fr_auto] lg:items-center">
        <span className="truncate font-medium">
          <bdi>{contact.display_name}</bdi>
        </span>
        <span className="truncate text-sm text-soft">
          <bdi>{contact.emails[0]?.value ?? t('noMail')}</bdi>
        </span>
        <span className="truncate text-sm text-soft">
          <bdi>{[contact.job_title, contact.company?.name].filter((one) => one != null && one !== '').join(' · ')}</bdi>
        </span>
        <span className="flex flex-wrap gap-1">
          {contact.tags.slice(0, TAGS_SHOWN).map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
        </span>
      </Link>
    </li>
  );
}
