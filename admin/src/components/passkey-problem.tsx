'use client';

import { useTranslations } from 'use-intl';
import { Refusal } from '@/components/step-up';
import { PasskeyError } from '@/lib/passkey';

/** Why a passkey did not do: nobody was recognised, or what the server says of it. */
export function PasskeyProblem({ error, onGiven }: { error: unknown; onGiven: () => void }) {
  const t = useTranslations('factor');
  if (!(error instanceof PasskeyError)) return <Refusal error={error} onGiven={onGiven} />;
  return (
    <p role="alert" className="rounded-lg bg-bad-wash px-3 py-2 text-sm font-medium text-bad">
      {t('notRecognised')}
    </p>
  );
}
