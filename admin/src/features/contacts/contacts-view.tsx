'use client';

import { Merge, Upload, Users } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { AddButton } from '@/components/ui/add-button';
import { Badge } from '@/components/ui/badge';
import { Button, buttonLooks } from '@/components/ui/button';
import { ExportButton } from '@/components/ui/export-button';
import { Link } from '@/components/ui/link';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { WindowList } from '@/components/ui/window-list';
import { WhenPlacesKnown } from '@/components/workspace-select';
import { addressOf } from '@/lib/api/address';
import { answerPage, api, type Schemas } from '@/lib/api/client';
import { useList } from '@/lib/list';
import { may, useMe } from '@/lib/me';
import { useAddress } from '@/lib/url';
import { ContactForm } from './contact-form';
import { ImportContacts } from './import';

const PAGE = 100;
const TAGS_SHOWN = 3;
const [WIDE_ROW_PX, NARROW_ROW_PX] = [45, 93];

export function ContactsView() {
  const t = useTranslations('contacts');
  const me = useMe();
  const { get, set } = useAddress();
  const words = get('q');
  const { query, items } = useList(['contacts', 'list', words], (cursor) => answerPage(api.GET('/api/v1/contacts', { params: { query: { q: words === '' ? undefined : words, limit: PAGE, cursor } } })));
  const search = useCallback((q: string) => set({ q }), [set]);
  const open = () => set({ import: '1' });
  const actions = (
    <>
      <Link href="/contacts/duplicates" className={buttonLooks('quiet', 'small')}>
        <Merge className="size-4" aria-hidden />
        <span className="max-sm:sr-only">{t('duplicates')}</span>
      </Link>
      <Button size="small" forbidden={may(me, 'contacts:import') ? null : t('mayNotImport')} onClick={open}>
        <Upload className="size-4" aria-hidden />
        <span className="max-sm:sr-only">{t('import')}</span>
      </Button>
      <ExportButton kind="csv" label={t('export')} address={addressOf('/api/v1/contacts', { query: { q: words } })} name="contacts" />
      <AddButton label={t('add')} forbidden={may(me, 'contacts:write') ? null : t('mayNotWrite')} onClick={() => set({ new: '1' })} />
    </>
  );
  return (
    <Page title={t('title')} actions={actions} bar={<div className="sm:max-w-sm"><SearchField label={t('search')} value={words} onChange={search} /></div>} scrolls>
      {query.isPending && <Loading lines={8} />}
      {query.isError && !query.isFetchNextPageError && <Failed error={query.error} onRetry={() => void query.refetch()} />}
      {query.isSuccess &&
        items.length === 0 &&
        (words === '' ? <Empty icon={<Users className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} /> : <NoMatch onClear={() => set({ q: '' })} />)}
      {items.length > 0 && (
        <WindowList items={items} keyOf={(contact) => contact.contact_id} label={t('title')} widePx={WIDE_ROW_PX} narrowPx={NARROW_ROW_PX} query={query}>
          {(contact) => <Row contact={contact} />}
        </WindowList>
      )}
      {get('new') !== '' && (
        <WhenPlacesKnown>
          <ContactForm onClose={() => set({ new: '' })} />
        </WhenPlacesKnown>
      )}
      {get('import') !== '' && (
        <WhenPlacesKnown>
          <ImportContacts onClose={() => set({ import: '' })} />
        </WhenPlacesKnown>
      )}
    </Page>
  );
}

function Row({ contact }: { contact: Schemas['ContactView'] }) {
  const t = useTranslations('contacts');
  return (
    <Link href={`/contacts/${contact.contact_id}`} className="grid size-full content-center gap-x-4 gap-y-0.5 px-4 hover:bg-sunken sm:px-6 lg:grid-cols-[14rem_1fr_1fr_auto] lg:items-center">
      <span className="flex min-w-0 items-center gap-2 lg:contents">
        <span className="min-w-0 flex-1 truncate font-medium">
          <bdi>{contact.display_name}</bdi>
        </span>
        <span className="flex max-w-40 shrink-0 gap-1 overflow-hidden lg:order-last lg:max-w-none">
          {contact.tags.slice(0, TAGS_SHOWN).map((tag) => (
            <Badge key={tag}>{tag}</Badge>
          ))}
        </span>
      </span>
      <span className="truncate text-sm text-soft">
        <bdi>{contact.emails[0]?.value ?? t('noMail')}</bdi>
      </span>
      <span className="truncate text-sm text-soft">
        <bdi>{[contact.job_title, contact.company?.name].filter((one) => one != null && one !== '').join(' · ')}</bdi>
      </span>
    </Link>
  );
}
