'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { PersonName } from '@/components/person-name';
import { Refusal } from '@/components/step-up';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Input } from '@/components/ui/field';
import { Failed, Loading } from '@/components/ui/states';
import { Ago } from '@/components/ui/time';
import { useToast } from '@/components/ui/toast';
import { answer, api, done, type Schemas } from '@/lib/api/client';
import { isNotProven, stepUpOf } from '@/lib/api/problem';
import { may, useMe } from '@/lib/me';
import { allSecrets } from '@/lib/whole-lists';
import { Part } from './part';

type Secret = Schemas['PluginSecretView'];

const VALUE_LETTERS_MIN = 8;
const VALUE_LETTERS_MAX = 512;

/** What plugins need to ask others: set here by owners, by nobody to be read. A value is in this page while it is typed, and not after. */
export function Secrets() {
  const t = useTranslations('settings.secrets');
  const secrets = useQuery(allSecrets);
  return (
    <Part title={t('title')} hint={t.rich('hint', { code })}>
      {secrets.isPending && <Loading lines={2} className="px-0" />}
      {secrets.isError && <Failed error={secrets.error} onRetry={() => void secrets.refetch()} />}
      {secrets.data?.length === 0 && <p className="text-sm text-soft">{t('none')}</p>}
      <ul className="divide-y divide-line">
        {secrets.data?.map((secret) => (
          <Row key={`${secret.plugin} ${secret.name}`} secret={secret} />
        ))}
      </ul>
    </Part>
  );
}

function code(text: React.ReactNode) {
  return (
    <code dir="ltr" className="font-mono text-[0.9em] wrap-anywhere">
      {text}
    </code>
  );
}

/** An address as it is asked, the port only where it is not the usual one. */
function reach({ scheme, host, port, methods, paths, header }: Secret['uses'][number]): string {
  const isUsual = (scheme === 'https' && port === 443) || (scheme === 'http' && port === 80);
  return `${methods.join(' ')} ${scheme}://${host}${isUsual ? '' : `:${port}`} ${paths.join(' ')} (${header})`;
}

function Row({ secret }: { secret: Secret }) {
  const t = useTranslations('settings.secrets');
  const me = useMe();
  const [open, setOpen] = useState<'set' | 'remove' | null>(null);
  const { plugin, name, uses, version } = secret;
  const isOwn = secret.set_in === 'organisation';
  const isForAll = secret.set_in === 'configuration';
  const mayNot = may(me, 'secrets:manage') ? null : t('mayNot');
  const forbidden = mayNot ?? (isForAll ? t('inConfiguration') : uses.length === 0 ? t('unused') : null);
  const close = () => setOpen(null);
  return (
    <li className="grid gap-1 py-2.5 text-sm">
      <span className="flex flex-wrap items-center gap-2">
        <code className="min-w-0 flex-1 font-mono wrap-anywhere">{name}</code>
        <Badge tone={secret.set_in == null || secret.goes_elsewhere ? 'wait' : 'good'}>
          {secret.goes_elsewhere ? t('anew') : isForAll ? t('isSetForAll') : isOwn ? t('isSet') : t('notSet')}
        </Badge>
      </span>
      <span className="text-soft">{uses.length === 0 ? t('unused') : t('of', { plugin })}</span>
      {uses.length > 0 && (
        <ul aria-label={t('goesTo', { name })} className="text-soft">
          {uses.map((use) => (
            <li key={reach(use)}>{code(reach(use))}</li>
          ))}
        </ul>
      )}
      {secret.goes_elsewhere && <span>{t('goesElsewhere')}</span>}
      {version != null && secret.set_by != null && secret.set_at != null && (
        <span className="text-xs text-soft">
          {t('version', { version })} <PersonName id={secret.set_by} /> · <Ago at={secret.set_at} />
        </span>
      )}
      {forbidden !== null && uses.length > 0 && <span className="text-xs text-soft">{forbidden}</span>}
      <span className="flex flex-wrap gap-2">
        <Button size="small" forbidden={forbidden} aria-label={isOwn ? t('replaceNamed', { name }) : t('setNamed', { name })} onClick={() => setOpen('set')}>
          {isOwn ? t('replace') : t('set')}
        </Button>
        {isOwn && (
          <Button size="small" forbidden={mayNot} aria-label={t('removeNamed', { name })} onClick={() => setOpen('remove')}>
            {t('remove')}
          </Button>
        )}
      </span>
      {open === 'set' && <SetDialog secret={secret} onClose={close} />}
      {open === 'remove' && <RemoveDialog secret={secret} onClose={close} />}
    </li>
  );
}

/** Says that it is done, has the list read anew, and closes: with the dialog goes what was typed. */
function useDone(said: string, onClose: () => void): () => Promise<void> {
  const client = useQueryClient();
  const toast = useToast();
  return async () => {
    onClose();
    toast(said);
    await client.invalidateQueries({ queryKey: ['secrets'] });
  };
}

function SetDialog({ secret: { plugin, name, uses }, onClose }: { secret: Secret; onClose: () => void }) {
  const t = useTranslations('settings.secrets');
  const [value, setValue] = useState('');
  const [isTried, setIsTried] = useState(false);
  const save = useMutation({
    mutationFn: () => answer(api.PUT('/api/v1/secrets/{plugin}/{name}', { params: { path: { plugin, name } }, body: { value } })),
    // Nothing of it is kept with the request either.
    gcTime: 0,
    onSuccess: useDone(t('saved'), onClose),
  });
  // A field of a password beside that of the value would have the browser fill and keep both: who they are is asked for alone.
  const isProving = save.isError && (isNotProven(save.error) || stepUpOf(save.error) !== null);
  const isShort = value.length < VALUE_LETTERS_MIN;
  const send = () => {
    setIsTried(true);
    if (!save.isPending && !isShort) save.mutate();
  };
  return (
    <Dialog title={t('setNamed', { name })} onClose={onClose}>
      {!isProving && (
        // No form and no field of a password: browsers offer to keep what is sent by those, and fill them with the owner's own.
        <div className="grid gap-4">
          <div className="grid gap-1 text-sm text-soft">
            <p>{t('goesOnlyTo')}</p>
            {uses.map((use) => (
              <p key={reach(use)}>{code(reach(use))}</p>
            ))}
          </div>
          <Input
            data-first
            label={t('value')}
            hint={isTried && isShort ? undefined : t('valueHint')}
            error={isTried && isShort ? t('valueHint') : null}
            type="text"
            className="[-webkit-text-security:disc]"
            autoComplete="off"
            autoCapitalize="none"
            autoCorrect="off"
            spellCheck={false}
            dir="ltr"
            maxLength={VALUE_LETTERS_MAX}
            value={value}
            onChange={(event) => setValue(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.nativeEvent.isComposing) send();
            }}
          />
          <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
            <Button onClick={onClose}>{t('cancel')}</Button>
            <Button tone="primary" isBusy={save.isPending} onClick={send}>
              {t('save')}
            </Button>
          </div>
        </div>
      )}
      {save.isError && <Refusal error={save.error} onGiven={() => save.mutate()} />}
    </Dialog>
  );
}

function RemoveDialog({ secret: { plugin, name }, onClose }: { secret: Secret; onClose: () => void }) {
  const t = useTranslations('settings.secrets');
  const remove = useMutation({
    mutationFn: () => done(api.DELETE('/api/v1/secrets/{plugin}/{name}', { params: { path: { plugin, name } } })),
    onSuccess: useDone(t('removed'), onClose),
  });
  return (
    <Dialog title={t('removeNamed', { name })} onClose={onClose}>
      <p className="text-sm">{t('removeSure', { plugin })}</p>
      <div className="grid grid-cols-2 gap-2 sm:flex sm:justify-end">
        <Button data-first onClick={onClose}>
          {t('cancel')}
        </Button>
        <Button tone="danger" isBusy={remove.isPending} onClick={() => remove.mutate()}>
          {t('remove')}
        </Button>
      </div>
      {remove.isError && <Refusal error={remove.error} onGiven={() => remove.mutate()} />}
    </Dialog>
  );
}
