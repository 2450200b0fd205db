'use client';

import { useTranslations } from 'use-intl';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { useFormats } from '@/lib/format';
import type { Integrity } from '@/lib/provenance';

const TONES: Record<Integrity, BadgeTone> = { owner: 'good', directory: 'good', anchored: 'accent', fact: 'plain', outside: 'wait' };

/** Who stands for everybody of the organisation among readers. */
const HOUSE = 'house';

interface LabelBadgesProps {
  integrity: Integrity;
  readers: string[] | null;
  /** Whether it counts for more than the text it stood in, by the person's own sentence. */
  isEndorsed?: boolean;
}

/** A value's label: how far it can be trusted, whether somebody's sentence made it so and, where not anybody may, who may read it. */
export function LabelBadges({ integrity, readers, isEndorsed = false }: LabelBadgesProps) {
  const t = useTranslations('origin');
  const formats = useFormats();
  return (
    <span className="inline-flex max-w-full flex-wrap gap-1">
      <Badge tone={TONES[integrity]}>{t(`integrity.${integrity}`)}</Badge>
      {isEndorsed && <Badge tone="wait">{t('endorsed')}</Badge>}
      {readers !== null && (
        <Badge tone="wait" className="max-w-56">
          <bdi className="block min-w-0 truncate">{readers.length === 0 ? t('readersFew') : t('readers', { readers: formats.list(readers.map((one) => (one === HOUSE ? t('house') : one))) })}</bdi>
        </Badge>
      )}
    </span>
  );
}
