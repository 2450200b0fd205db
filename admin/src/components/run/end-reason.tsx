import { useTranslations } from 'use-intl';
import { OfServer } from '@/components/of-server';
import { limitOf } from '@/lib/no-room';
import { endReasonOf } from '@/lib/run/ended';
import type { Run } from '@/lib/run/fold';

/** Why a run ended without a reply: in the reader's words where its code is known, and behind that what the server wrote. */
export function EndReason({ run }: { run: Run }) {
  const t = useTranslations('run.reason');
  const limits = useTranslations('noRoom');
  if (run.ended === null) return null;
  const { reason: code, message } = run.ended;
  const [reason, limit] = [endReasonOf(code), limitOf(code)];
  // What somebody said to it is theirs, and stands in no sentence of ours.
  const words = reason === 'money_refused' ? (run.budget?.words ?? '') : '';
  return (
    <div className="grid gap-1 text-soft">
      {reason !== null && <p>{t(reason)}</p>}
      {limit !== null && <p>{limits(limit)}</p>}
      {words !== '' && (
        <p>
          <q>
            <bdi>{words}</bdi>
          </q>
        </p>
      )}
      <OfServer words={message} />
    </div>
  );
}
