'use client';

import { Users } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { Duplicates, type Entry } from '@/components/record/duplicates';
import { answer, api, type Schemas } from '@/lib/api/client';
import { MergeContacts } from './merge-dialog';

const PAGE = 50;

/** Contacts that look like one person, to be compared two by two. */
export function DuplicatesView() {
  const t = useTranslations('contacts.merge');
  return (
    <Duplicates
      of="contacts"
      icon={<Users className="size-5" aria-hidden />}
      words={{ title: t('title'), hint: t('hint'), noneHint: t('noneHint'), mayNot: t('mayNot') }}
      read={(cursor) => answer(api.GET('/api/v1/contacts/duplicates', { params: { query: { limit: PAGE, cursor } } }))}
      show={(group) => ({
        first: entryOf(group.contact),
        others: group.others.map(({ contact, why }) => ({ entry: entryOf(contact), why: why.map((one) => t(`why.${one}`)) })),
      })}
    >
      {(ids, onClose) => <MergeContacts key={ids.join(' ')} ids={ids} onClose={onClose} />}
    </Duplicates>
  );
}

function entryOf(contact: Schemas['ContactView']): Entry {
  const details = [contact.emails[0]?.value, contact.phones[0]?.value, contact.company?.name].filter((one) => one != null).join(' · ');
  return { id: contact.contact_id, name: contact.display_name, details };
}
