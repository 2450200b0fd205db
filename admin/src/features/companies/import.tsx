'use client';

import { useTranslations } from 'use-intl';
import { ImportDialog } from '@/components/record/import-dialog';
import { answer, api } from '@/lib/api/client';
import { importing } from '@/lib/import';

/** Companies from a file. */
export function ImportCompanies({ onClose }: { onClose: () => void }) {
  const t = useTranslations('companies');
  return (
    <ImportDialog
      title={t('importTitle')}
      hint={t('fileHint')}
      accept=".csv,.tsv,.txt,text/csv"
      send={(file, workspace, isPreview, key) => answer(api.POST('/api/v1/companies/import', importing(file, workspace, isPreview, key)))}
      done={(report) => t('imported', { count: report.created })}
      onClose={onClose}
    />
  );
}
