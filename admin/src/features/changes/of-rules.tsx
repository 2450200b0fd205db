'use client';

import { useTranslations } from 'use-intl';
import { FailedCases, SafetyProperties } from '@/components/policy-checks';
import { Tried } from '@/components/tried';
import { Loading } from '@/components/ui/states';
import type { Schemas } from '@/lib/api/client';
import type { ChangeDetail } from '@/lib/change';
import { RuleFiles } from './rule-files';
import { useSetBefore } from './use-set-before';

interface OfRulesProps {
  change: ChangeDetail;
  content: Schemas['PolicySet'];
  report: Schemas['ProposalReport'];
}

/** A proposed set of rules: what is wrong first, then its text beside what is in force, and what it would change. */
export function OfRules({ change, content, report }: OfRulesProps) {
  const t = useTranslations('changes.checks');
  const { before, error, retry } = useSetBefore(change);
  return (
    <>
      {report.problems.map((problem) => (
        <p key={problem} dir="auto" className="rounded-lg bg-bad-wash px-3 py-2 text-sm text-bad">
          {problem}
        </p>
      ))}
      <FailedCases cases={report.failed_cases} />
      {before === null && error === null ? (
        // What stands below the text comes with it, and deciding keeps its place at the foot of the screen.
        <Loading lines={10} className="min-h-dvh content-start px-0" />
      ) : (
        <>
          <RuleFiles content={content} before={before} error={error} onRetry={retry} />
          <Tried result={report.changes} />
          <SafetyProperties properties={report.properties} />
          <p className="text-sm text-soft">{t('cases', { count: report.cases })}</p>
        </>
      )}
    </>
  );
}
