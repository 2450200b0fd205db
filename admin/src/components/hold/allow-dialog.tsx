'use client';

import { useTranslations } from 'use-intl';
import { GroupWords } from '@/components/group-words';
import { EffectBadge } from '@/components/effect-badge';
import { GrantForm } from '@/components/grant/grant-form';
import { ToolName } from '@/components/tool-name';
import { Dialog } from '@/components/ui/dialog';
import { fieldsOfCall } from '@/lib/grant-form';
import type { Hold } from './use-hold';

/** A grant for calls like this one, with ranges as narrow as it is. Its words come with it. */
export function AllowDialog({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  return (
    <GroupWords group="rules" onClose={onClose}>
      <Inner hold={hold} onClose={onClose} />
    </GroupWords>
  );
}

function Inner({ hold, onClose }: { hold: Hold; onClose: () => void }) {
  const t = useTranslations('grants');
  const draft = { workspaceId: hold.workspace_id, agent: hold.agent, tool: hold.tool, personId: hold.person_id, fields: fieldsOfCall(hold.arguments, hold.provenance) };
  return (
    <Dialog title={t('allowTitle')} onClose={onClose}>
      <GrantForm draft={draft} onClose={onClose}>
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <ToolName name={hold.tool} /> <EffectBadge effect={hold.effect} />
        </p>
        <p className="text-sm text-soft">{hold.state === 'held' ? t('allowHintHeld') : t('allowHint')}</p>
      </GrantForm>
    </Dialog>
  );
}
