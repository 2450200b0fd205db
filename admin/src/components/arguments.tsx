'use client';

import { TriangleAlert } from 'lucide-react';
import { useTranslations } from 'use-intl';
import { LabelBadges } from '@/components/label-badges';
import { Badge } from '@/components/ui/badge';
import { cx } from '@/lib/cx';
import { leavesOf, pointerInWords } from '@/lib/json';
import { cutAfter } from '@/lib/letters';
import { originsOf } from '@/lib/provenance';
import { hasUnseen, seen } from '@/lib/seen';

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

/**
 * The arguments of a call, exactly as they would be used, each with where it came from; what it is for is marked where it matters most,
 * and so is every character that nobody would see.
 */
export function Arguments({ value, provenance, roles = {} }: ArgumentsProps) {
  const t = useTranslations('origin');
  const leaves = leavesOf(value);
  const origins = originsOf(provenance);
  if (leaves.length === 1 && leaves[0]?.path === '') return <p className="text-sm text-soft">{t('none')}</p>;
  const isHiding = leaves.some((leaf) => hasUnseen(leaf.path) || hasUnseen(leaf.value));
  const list = (
    <dl className="divide-y divide-line rounded-lg border border-line text-sm">
      {leaves.map((leaf) => {
        const origin = origins.get(leaf.path);
        const role = MARKED.find((one) => one === (roles[leaf.path] ?? origin?.role));
        return (
          <div key={leaf.path} className="grid gap-x-4 gap-y-1 px-3 py-2 sm:grid-cols-[9rem_1fr_auto] sm:items-baseline">
            <dt className="text-soft" title={seen(leaf.path)}>
              {pointerInWords(leaf.path)} {role !== undefined && <Badge tone="accent">{t(`role.${role}`)}</Badge>}
            </dt>
            <dd className={cx('min-w-0 break-words whitespace-pre-wrap', role !== undefined && 'font-semibold')}>
              <Value text={seen(leaf.value)} />
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
  if (!isHiding) return list;
  return (
    <div className="grid gap-2">
      <p className="flex items-start gap-2 rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">
        <TriangleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
        {t('unseen')}
      </p>
      {list}
    </div>
  );
}

function Value({ text }: { text: string }) {
  const t = useTranslations('origin');
  const [head, rest] = cutAfter(text, LETTERS_SHOWN);
  if (rest === '') return <bdi>{text}</bdi>;
  return (
    <details>
      <summary>
        <bdi>{head}…</bdi> <span className="text-accent underline">{t('whole')}</span>
      </summary>
      <bdi>{rest}</bdi>
    </details>
  );
}
