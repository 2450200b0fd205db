'use client';

import { useTranslations } from 'use-intl';
import { LabelBadges } from '@/components/label-badges';
import { Badge } from '@/components/ui/badge';
import { cx } from '@/lib/cx';
import { leavesOf, pointerInWords } from '@/lib/json';
import { originsOf } from '@/lib/provenance';

/** A longer value is cut on the card; the whole one is behind it. */
const LETTERS_SHOWN = 600;

/** What is looked at first: whom an action reaches, whom it pays or lets in, how much, and where it looks. */
const MARKED = ['recipient', 'payee', 'member', 'amount', 'url'] as const;

interface ArgumentsProps {
  value: unknown;
  provenance: unknown;
  /** What each is for, by its pointer, where the server says so beside where it came from. */
  roles?: Readonly<Record<string, string>>;
}

/** The arguments of a call, exactly as they would be used, each with where it came from; what it is for is marked where it matters most. */
export function Arguments({ value, provenance, roles = {} }: ArgumentsProps) {
  const t = useTranslations('origin');
  const leaves = leavesOf(value);
  const origins = originsOf(provenance);
  if (leaves.length === 1 && leaves[0]?.path === '') return <p className="text-sm text-soft">{t('none')}</p>;
  return (
    <dl className="divide-y divide-line rounded-lg border border-line text-sm">
      {leaves.map((leaf) => {
        const origin = origins.get(leaf.path);
        const role = MARKED.find((one) => one === (roles[leaf.path] ?? origin?.role));
        return (
          <div key={leaf.path} className="grid gap-x-4 gap-y-1 px-3 py-2 sm:grid-cols-[9rem_1fr_auto] sm:items-baseline">
            <dt className="text-soft" title={leaf.path}>
              {pointerInWords(leaf.path)} {role !== undefined && <Badge tone="accent">{t(`role.${role}`)}</Badge>}
            </dt>
            <dd className={cx('min-w-0 break-words whitespace-pre-wrap', role !== undefined && 'font-semibold')}>
              <Value text={leaf.value} />
            </dd>
            {origin !== undefined && (
              <dd className="justify-self-start sm:justify-self-end" title={origin.tools.length === 0 ? undefined : t('foundBy', { tools: origin.tools.join(', ') })}>
                <LabelBadges integrity={origin.integrity} readers={origin.readers} isEndorsed={origin.isEndorsed} />
              </dd>
            )}
          </div>
        );
      })}
    </dl>
  );
}

function Value({ text }: { text: string }) {
  const t = useTranslations('origin');
  if (text.length <= LETTERS_SHOWN) return <bdi>{text}</bdi>;
  return (
    <details>
      <summary>
        <bdi>{text.slice(0, LETTERS_SHOWN)}…</bdi> <span className="text-accent underline">{t('whole')}</span>
      </summary>
      <bdi>{text.slice(LETTERS_SHOWN)}</bdi>
    </details>
  );
}
