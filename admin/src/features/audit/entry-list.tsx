'use client';

import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Facts } from '@/components/ui/card';
import { Copy } from '@/components/ui/copy';
import { Dialog } from '@/components/ui/dialog';
import { Ago, At } from '@/components/ui/time';
import { WindowList } from '@/components/ui/window-list';
import type { Schemas } from '@/lib/api/client';
import { cx } from '@/lib/cx';
import { useAddress } from '@/lib/url';

type Entry = Schemas['AuditView'];

const TONES: Record<string, BadgeTone> = { done: 'good', refused: 'bad', failed: 'bad', attempted: 'wait' };
const OUTCOMES = ['done', 'refused', 'attempted', 'failed'] as const;
const [WIDE_ROW_PX, NARROW_ROW_PX] = [45, 65];

interface EntryListProps {
  entries: Entry[];
  query: React.ComponentProps<typeof WindowList>['query'];
}

/** Entries of the audit log, a line each; one is opened beside the list, whole. */
export function EntryList({ entries, query }: EntryListProps) {
  const t = useTranslations('audit');
  const { get, set } = useAddress();
  const openId = get('open');
  const open = entries.find((entry) => entry.audit_id === openId);
  return (
    <>
      <WindowList items={entries} keyOf={(entry) => entry.audit_id} label={t('list')} widePx={WIDE_ROW_PX} narrowPx={NARROW_ROW_PX} query={query}>
        {(entry) => (
          <button
            type="button"
            aria-haspopup="dialog"
            onClick={() => set({ open: entry.audit_id })}
            className={cx(
              'grid size-full grid-cols-[1fr_auto] content-center items-center gap-x-4 gap-y-0.5 px-4 text-start text-sm sm:px-6 lg:grid-cols-[12rem_1fr_10rem_9rem_9rem]',
              entry.audit_id === openId ? 'bg-accent-wash' : 'hover:bg-sunken',
            )}
          >
            <span className="truncate font-medium">{entry.action}</span>
            <span className="hidden min-w-0 truncate font-mono text-xs text-soft lg:block">
              <bdi>{entry.object}</bdi>
            </span>
            <span className="order-last truncate text-soft lg:order-none">{entry.person_id == null ? entry.actor_kind : <PersonName id={entry.person_id} />}</span>
            <span className="order-last justify-self-end text-xs text-soft lg:order-none lg:justify-self-start lg:text-sm">
              <Ago at={entry.at} />
            </span>
            <span className="justify-self-end">
              <Outcome outcome={entry.outcome} />
            </span>
          </button>
        )}
      </WindowList>
      {open !== undefined && <Detail entry={open} onClose={() => set({ open: '' })} />}
    </>
  );
}

function Outcome({ outcome }: { outcome: string }) {
  const t = useTranslations('audit');
  const known = OUTCOMES.find((one) => one === outcome);
  return <Badge tone={TONES[outcome]}>{known === undefined ? outcome : t(`outcome.${known}`)}</Badge>;
}

function Detail({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const t = useTranslations('audit');
  return (
    <Dialog title={t('one')} onClose={onClose} place="side">
      <p className="flex flex-wrap items-center gap-2 font-semibold">
        {entry.action} <Outcome outcome={entry.outcome} />
      </p>
      <Facts
        facts={[
          [
            t('object'),
            <code key="object" className="font-mono text-xs break-all">
              {entry.object}
            </code>,
          ],
          [t('by'), entry.person_id == null ? entry.actor_kind : <PersonName key="by" id={entry.person_id} />],
          [t('when'), <At key="when" at={entry.at} />],
        ]}
      />
      <pre tabIndex={0} dir="ltr" className="max-h-96 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
        {JSON.stringify(entry.detail, null, 2)}
      </pre>
      <p className="flex flex-wrap items-center gap-1 text-xs text-soft">
        {t('leaf')} <code className="font-mono break-all">{entry.leaf}</code> <Copy text={entry.leaf} />
      </p>
    </Dialog>
  );
}
