import { cx } from '@/lib/cx';

export type BadgeTone = 'good' | 'wait' | 'bad' | 'accent' | 'plain';

const TONES: Record<BadgeTone, string> = {
  good: 'bg-good-wash text-good',
  wait: 'bg-wait-wash text-wait',
  bad: 'bg-bad-wash text-bad',
  accent: 'bg-accent-wash text-accent',
  plain: 'bg-sunken text-soft',
};

/** A state in a word. It never shrinks: what is beside it gives way. */
export function Badge({ tone = 'plain', children, className }: { tone?: BadgeTone; children: React.ReactNode; className?: string }) {
  return <span className={cx('inline-flex shrink-0 items-center gap-1 rounded-md px-1.5 py-0.5 text-xs font-medium whitespace-nowrap', TONES[tone], className)}>{children}</span>;
}
