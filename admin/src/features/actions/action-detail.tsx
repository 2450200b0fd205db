'use client';

import { Link } from '@/components/ui/link';
import { useTranslations } from 'use-intl';
import { Arguments } from '@/components/arguments';
import { EffectBadge } from '@/components/effect-badge';
import { PersonName } from '@/components/person-name';
import { Rules } from '@/components/rules';
import { ToolName } from '@/components/tool-name';
import { Facts } from '@/components/ui/card';
import { Dialog } from '@/components/ui/dialog';
import { At } from '@/components/ui/time';
import { Verdict } from '@/components/verdict';
import { may, useMe } from '@/lib/me';
import { contextOf } from '@/lib/provenance';
import { seen } from '@/lib/seen';
import type { Action } from './api';

const CLASSES = ['unknown_tool', 'invalid_arguments', 'policy', 'policy_error', 'limit', 'repeated', 'refused', 'expired', 'changed', 'approver_gone'] as const;

/** One action: why it was decided so, by which rules, on which values from where. */
export function ActionDetail({ action, onClose }: { action: Action; onClose: () => void }) {
  const t = useTranslations('actions');
  const origin = useTranslations('origin');
  const me = useMe();
  const mayTry = may(me, 'governance:read') && may(me, 'actions:read');
  const context = contextOf(action.provenance);
  const kind = CLASSES.find((one) => one === action.class);
  return (
    <Dialog title={t('one')} isTall onClose={onClose} place="side">
      <div className="grid gap-1.5">
        <p className="flex flex-wrap items-center gap-2 font-semibold">
          <ToolName name={action.tool} /> <EffectBadge effect={action.effect} /> <Verdict verdict={action.verdict} />
        </p>
        <p>
          <bdi>{seen(action.reason)}</bdi>
        </p>
        {kind !== undefined && <p className="text-sm text-soft">{t(`class.${kind}`)}</p>}
      </div>
      <section className="grid gap-2">
        <h3 className="text-sm font-semibold">{t('arguments')}</h3>
        <Arguments value={action.arguments} provenance={action.provenance} />
      </section>
      <section className="grid gap-2">
        <h3 className="text-sm font-semibold">{t('why')}</h3>
        <Rules ids={action.rules} />
        {/* Only what came before the rules can be judged by others. */}
        {mayTry && (action.class == null || action.class === 'policy' || action.class === 'policy_error') && (
          <Link href={`/policies?show=try&decision=${action.decision_id}`} className="justify-self-start text-sm text-accent underline">
            {t('tryRules')}
          </Link>
        )}
      </section>
      <Facts
        facts={[
          [t('when'), <At key="when" at={action.decided_at} />],
          [t('for'), <PersonName key="for" id={action.person_id} />],
          [t('agent'), action.agent],
          ...(context === null ? [] : [[t('read'), origin(`integrity.${context}`)] satisfies [string, string]]),
          [
            t('run'),
            <Link key="run" href={`/runs/${action.run_id}`} className="font-mono text-xs break-all text-accent underline">
              {action.run_id}
            </Link>,
          ],
          [
            t('rulesDigest'),
            <code key="digest" className="font-mono text-xs break-all">
              {action.policy_digest}
            </code>,
          ],
          [
            t('decision'),
            <code key="decision" className="font-mono text-xs break-all">
              {action.decision_id}
            </code>,
          ],
        ]}
      />
    </Dialog>
  );
}
