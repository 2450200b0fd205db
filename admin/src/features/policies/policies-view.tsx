'use client';

import { useQuery } from '@tanstack/react-query';
import { Scale } from 'lucide-react';
import { useCallback } from 'react';
import { useTranslations } from 'use-intl';
import { SearchField } from '@/components/search-field';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Copy } from '@/components/ui/copy';
import { Segments } from '@/components/ui/segments';
import { Empty } from '@/components/ui/empty';
import { Failed, Loading, NoMatch } from '@/components/ui/states';
import { answer, api, type Schemas } from '@/lib/api/client';
import { useAddress } from '@/lib/url';
import { Checks } from './checks';
import { History } from './history';
import { TryRules } from './try-rules';

type Rule = Schemas['RuleView'];

const SHOWN = ['rules', 'checks', 'history', 'try'] as const;

/** The rules in force, what the checks say of them, which held before, and what others would have said. */
export function PoliciesView() {
  const t = useTranslations('policies');
  const { get, set } = useAddress();
  const shown = SHOWN.find((one) => one === get('show')) ?? 'rules';
  const search = useCallback((q: string) => set({ q }), [set]);
  const policies = useQuery({ queryKey: ['policies'], queryFn: () => answer(api.GET('/api/v1/policies')) });
  return (
    <Page
      title={t('title')}
      bar={
        <div className="grid gap-2 sm:flex sm:items-center">
          <Segments label={t('show')} options={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))} value={shown} onChange={(value) => set({ show: value === 'rules' ? '' : value, q: '', at: '' })} />
          {shown === 'rules' && (
            <div className="sm:w-80">
              <SearchField label={t('search')} value={get('q')} onChange={search} />
            </div>
          )}
        </div>
      }
      scrolls
    >
      <div className="mx-auto grid w-full max-w-4xl grid-cols-[minmax(0,1fr)] gap-3 p-4 sm:p-6">
        {shown === 'checks' && <Checks />}
        {shown === 'history' && <History />}
        {(shown === 'rules' || shown === 'try') && policies.isPending && <Loading lines={8} className="px-0" />}
        {(shown === 'rules' || shown === 'try') && policies.isError && <Failed error={policies.error} onRetry={() => void policies.refetch()} />}
        {shown === 'try' && policies.data !== undefined && <TryRules rules={policies.data.rules} />}
        {shown === 'rules' && policies.data !== undefined && <InForce rules={policies.data.rules} digest={policies.data.digest} words={get('q')} onClear={() => set({ q: '' })} />}
      </div>
    </Page>
  );
}

/** The rules in force, in the order in which they give reasons: what each says to people and to the model, and its text. */
function InForce({ rules, digest, words, onClear }: { rules: Rule[]; digest: string; words: string; onClear: () => void }) {
  const t = useTranslations('policies');
  const found = rules.filter((rule) => `${rule.id} ${rule.reason} ${rule.text}`.toLocaleLowerCase().includes(words.toLocaleLowerCase()));
  if (rules.length === 0) return <Empty icon={<Scale className="size-5" aria-hidden />} title={t('none')} hint={t('noneHint')} />;
  if (found.length === 0) return <NoMatch onClear={onClear} />;
  return (
    <>
      <p className="flex flex-wrap items-center gap-1 text-sm text-soft">
        {t('digest')} <code className="font-mono text-xs break-all">{digest}</code> <Copy text={digest} />
      </p>
      <ol className="grid gap-3">
        {found.map((rule) => (
          <li key={rule.id}>
            <One rule={rule} />
          </li>
        ))}
      </ol>
    </>
  );
}

function One({ rule }: { rule: Rule }) {
  const t = useTranslations('policies');
  return (
    <Card className="grid gap-2 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <Badge tone={rule.effect === 'forbid' ? 'bad' : 'good'}>{rule.effect === 'forbid' ? t('forbids') : t('permits')}</Badge>
        <h2 className="font-mono text-sm font-semibold break-all">{rule.id}</h2>
      </div>
      <p>
        <bdi>{rule.reason}</bdi>
      </p>
      {rule.tell != null && (
        <p className="text-sm text-soft">
          {t('tell')} <bdi>{rule.tell}</bdi>
        </p>
      )}
      <details>
        <summary className="text-sm text-soft">{t('text', { file: rule.file, line: rule.line })}</summary>
        <pre tabIndex={0} dir="ltr" className="mt-2 overflow-x-auto rounded-lg bg-sunken p-3 font-mono text-xs whitespace-pre-wrap">
          {rule.text}
        </pre>
      </details>
    </Card>
  );
}
