'use client';

import { KeySquare } from 'lucide-react';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { AsDialog, later } from '@/components/later';
import { Button } from '@/components/ui/button';
import { GRANTABLE } from '@/lib/grantable';
import { may, useMe } from '@/lib/me';
import type { Hold } from './use-hold';

const AllowDialog = later(() => import('./allow-dialog').then((loaded) => loaded.AllowDialog), AsDialog);

/** Why a grant of this reader would stand in for nothing here, if so. */
function useForbidden(hold: Hold): string | null {
  const t = useTranslations('hold');
  const me = useMe();
  if (!may(me, 'grants:manage')) return t('allowMayNot');
  if (!GRANTABLE.includes(hold.effect)) return t('allowNever');
  if (hold.people > 1) return t('allowSeveral');
  if (hold.separate && hold.person_id === me.person_id) return t('allowOwn');
  return hold.needs.some((set) => set.every((role) => me.roles.includes(role))) ? null : t('allowOtherRoles');
}

/** Where somebody said no, nothing of the kind is granted from the same card. */
const STATES = ['held', 'approved', 'claimed', 'done'];

/** Such calls shall run without asking, within ranges: an approval given in advance. */
export function AllowSuch({ hold }: { hold: Hold }) {
  const t = useTranslations('hold');
  const forbidden = useForbidden(hold);
  const [isOpen, setIsOpen] = useState(false);
  if (!STATES.includes(hold.state)) return null;
  return (
    <div>
      <Button size="small" tone="plain" forbidden={forbidden} onClick={() => setIsOpen(true)} className="-ms-2.5">
        <KeySquare className="size-4" aria-hidden />
        {t('allowSuch')}
      </Button>
      {isOpen && <AllowDialog hold={hold} onClose={() => setIsOpen(false)} />}
    </div>
  );
}
