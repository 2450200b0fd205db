'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { answer, api, type Schemas } from '@/lib/api/client';
import { may, useMe } from '@/lib/me';

/** The rules in force, for whoever may read them. */
export function useRules(): Map<string, Schemas['RuleView']> {
  const me = useMe();
  const policies = useQuery({ queryKey: ['policies'], queryFn: () => answer(api.GET('/api/v1/policies')), enabled: may(me, 'governance:read'), staleTime: 60_000 });
  return new Map(policies.data?.rules.map((rule) => [rule.id, rule]));
}

/** Rules by what they say to people; their text is behind it. */
export function Rules({ ids }: { ids: string[] }) {
  const t = useTranslations('rules');
  const rules = useRules();
  if (ids.length === 0) return <p className="text-sm text-soft">{t('none')}</p>;
  return (
    <ul className="grid gap-1.5">
      {ids.map((id) => {
        const rule = rules.get(id);
        return (
          <li key={id} className="rounded-lg border border-line px-3 py-2 text-sm">
            <p>
              <bdi>{rule?.reason ?? id}</bdi> <code className="font-mono text-xs text-soft">{id}</code>
            </p>
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
