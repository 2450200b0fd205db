'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { useFormats } from '@/lib/format';
import type { Integrity } from '@/lib/provenance';

const TONES: Record<Integrity, BadgeTone> = { owner: 'good', directory: 'good', anchored: 'accent', fact: 'plain', outside: 'wait' };

/** A value's label: how far it can be trusted and, where not anybody may, who may read it. */
export function LabelBadges({ integrity, readers }: { integrity: Integrity; readers: string[] | null }) {
  const t = useTranslations('origin');
  const formats = useFormats();
  return (
    <span className="inline-flex max-w-full flex-wrap gap-1">
      <Badge tone={TONES[integrity]}>{t(`integrity.${integrity}`)}</Badge>
      {readers !== null && (
        <Badge tone="wait" className="max-w-56">
          <bdi className="block min-w-0 truncate">{readers.length === 0 ? t('readersFew') : t('readers', { readers: formats.list(readers) })}</bdi>
        </Badge>
      )}
    </span>
  );
}
