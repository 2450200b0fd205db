'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { answer, api, type Schemas } from '@/lib/api/client';
import { cx } from '@/lib/cx';
import { may, useMe } from '@/lib/me';

function useRulesQuery() {
  const me = useMe();
  return useQuery({ queryKey: ['policies'], queryFn: () => answer(api.GET('/api/v1/policies')), enabled: may(me, 'governance:read'), staleTime: 60_000 });
}

function byId(policies: Schemas['PoliciesView'] | undefined): Map<string, Schemas['RuleView']> {
  return new Map(policies?.rules.map((rule) => [rule.id, rule]));
}

/** The rules in force, for whoever may read them. */
export function useRules(): Map<string, Schemas['RuleView']> {
  return byId(useRulesQuery().data);
}

/** Rules by what they say to people; their text is behind it. */
export function Rules({ ids }: { ids: string[] }) {
  const t = useTranslations('rules');
  const policies = useRulesQuery();
  const rules = byId(policies.data);
  if (ids.length === 0) return <p className="text-sm text-soft">{t('none')}</p>;
  return (
    <ul className="grid gap-1.5">
      {ids.map((id) => {
        const rule = rules.get(id);
        return (
          <li key={id} className="rounded-lg border border-line px-3 py-2 text-sm">
            {/* What it says takes two lines more often than one, and what is behind it another: they have their room before they come. */}
            <p className={cx(policies.isLoading && 'min-h-10')}>
              <bdi>{rule?.reason ?? id}</bdi> <code className="font-mono text-xs text-soft">{id}</code>
            </p>
            {policies.isLoading && <p className="mt-1 text-xs">{'\u00a0'}</p>}
            {rule !== undefined && (
              <details className="mt-1">
                <summary className="text-xs text-soft">{t('text', { file: rule.file, line: rule.line })}</summary>
                <pre tabIndex={0} dir="ltr" className="mt-1 overflow-x-auto rounded-md bg-sunken p-2 font-mono text-xs whitespace-pre-wrap">
                  {rule.text}
                </pre>
              </details>
            )}
          </li>
        );
      })}
    </ul>
  );
}
