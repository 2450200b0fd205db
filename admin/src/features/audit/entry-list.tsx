'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { Badge, type BadgeTone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Facts } from '@/components/ui/card';
import { Copy } from '@/components/ui/copy';
import { Dialog } from '@/components/ui/dialog';
import { Failed, Loading } from '@/components/ui/states';
import { Ago, At } from '@/components/ui/time';
import { WindowList } from '@/components/ui/window-list';
import { answer, api, type Schemas } from '@/lib/api/client';
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

/** Entries of the audit log, a line each. */
export function EntryList({ entries, query }: EntryListProps) {
  const t = useTranslations('audit');
  const { get, set } = useAddress();
  const openId = get('open');
  return (
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
  );
}

/** The entry that the address names, whole, beside the list: it may be far down in the log, or not fit the filters. */
export function OpenEntry({ entries, isListed }: { entries: Entry[]; isListed: boolean }) {
  const t = useTranslations('audit');
  const { get, set } = useAddress();
  const openId = get('open');
  const listed = entries.find((entry) => entry.audit_id === openId);
  const isAsked = openId.startsWith('audit_') && listed === undefined;
  const fetched = useQuery({
    queryKey: ['audit', 'one', openId],
    queryFn: () => answer(api.GET('/api/v1/audit/{id}', { params: { path: { id: openId } } })),
    enabled: isAsked && isListed,
    // What is written down never changes.
    staleTime: Infinity,
  });
  const close = () => set({ open: '' });
  const open = listed ?? (isAsked ? fetched.data : undefined);
  if (open === undefined && !isAsked) return null;
  return (
    <Dialog title={t('one')} isTall onClose={close} place="side">
      {open !== undefined ? <Detail entry={open} /> : fetched.isError ? <Failed error={fetched.error} onRetry={() => void fetched.refetch()} /> : <Loading lines={5} />}
    </Dialog>
  );
}

function Outcome({ outcome }: { outcome: string }) {
  const t = useTranslations('audit');
  const known = OUTCOMES.find((one) => one === outcome);
  return <Badge tone={TONES[outcome]}>{known === undefined ? outcome : t(`outcome.${known}`)}</Badge>;
}

function Detail({ entry }: { entry: Entry }) {
  const t = useTranslations('audit');
  const { set } = useAddress();
  return (
    <>
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
      {entry.person_id != null && (
        <Button size="small" className="justify-self-start" onClick={() => set({ person: entry.person_id ?? '', open: '' })}>
          {t('ofPerson')}
        </Button>
      )}
      <pre tabIndex={0} dir="ltr" className="max-h-96 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
        {JSON.stringify(entry.detail, null, 2)}
      </pre>
      <p className="flex flex-wrap items-center gap-1 text-xs text-soft">
        {t('leaf')} <code className="font-mono break-all">{entry.leaf}</code> <Copy text={entry.leaf} />
      </p>
    </>
  );
}
