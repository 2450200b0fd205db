'use client';

import { useTranslations } from 'use-intl';
import { ImportDialog } from '@/components/record/import-dialog';
import { answer, api } from '@/lib/api/client';
import { importing } from '@/lib/import';

/** Contacts from a file. */
export function ImportContacts({ onClose }: { onClose: () => void }) {
  const t = useTranslations('contacts');
  return (
    <ImportDialog
      title={t('importTitle')}
      hint={t('fileHint')}
      accept=".csv,.vcf,text/csv,text/vcard"
      send={(file, workspace, isPreview, key) => answer(api.POST('/api/v1/contacts/import', importing(file, workspace, isPreview, key)))}
      done={(report) => t('imported', { count: report.created })}
      onClose={onClose}
    />
  );
}
