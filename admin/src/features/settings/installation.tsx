'use client';

import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { Badge } from '@/components/ui/badge';
import { Link } from '@/components/ui/link';
import { Failed, Loading } from '@/components/ui/states';
import type { Schemas } from '@/lib/api/client';
import { useFormats } from '@/lib/format';
import { useIntegrations } from '@/lib/integrations';
import { allModels } from '@/lib/whole-lists';
import { Part } from './part';
import { Secrets } from './secrets';

/** How models are spoken to, by the words of the configuration. */
const APIS = ['openai', 'openai-responses', 'anthropic', 'gemini'] as const;

/** What this installation is connected to. Most is written in files at the machine, and read here with where it is put; secrets of plugins are set here too. */
export function Installation() {
  // Both are asked at once, and what stands below comes when it is known how tall what is above it is.
  const models = useModels();
  const integrations = useIntegrations();
  return (
    <>
      <Models />
      {!models.isPending && <Connected />}
      {!models.isPending && !integrations.isPending && <Secrets />}
    </>
  );
}

function useModels() {
  return useQuery(allModels);
}

/** A name of the configuration, left as it is. */
function code(text: React.ReactNode) {
  return (
    <code dir="ltr" className="font-mono text-[0.9em] wrap-anywhere">
      {text}
    </code>
  );
}

function Models() {
  const t = useTranslations('settings.models');
  const models = useModels();
  return (
    <Part title={t('title')} hint={t.rich('hint', { code })}>
      {models.isPending && <Loading lines={2} className="px-0" />}
      {models.isError && <Failed error={models.error} onRetry={() => void models.refetch()} />}
      {models.data?.length === 0 && <p className="text-sm text-soft">{t('none')}</p>}
      <ul className="divide-y divide-line">
        {models.data?.map((model) => (
          <Model key={model.name} model={model} />
        ))}
      </ul>
    </Part>
  );
}

function Model({ model }: { model: Schemas['ModelView'] }) {
  const t = useTranslations('settings.models');
  const formats = useFormats();
  const { input_micros: input, cached_micros: cached, output_micros: output } = model.price;
  const api = APIS.find((known) => known === model.provider);
  return (
    <li className="grid gap-0.5 py-2 text-sm">
      <span className="flex flex-wrap items-center justify-between gap-2">
        <code className="min-w-0 font-mono wrap-anywhere">{model.name}</code>
        <Link href="/usage?by=model" className="text-accent underline underline-offset-2">
          {t('usage', { name: model.name })}
        </Link>
      </span>
      <span className="text-soft">{t.rich('called', { code, model: model.model, api: api === undefined ? model.provider : t(`api.${api}`) })}</span>
      <span className="text-soft">{model.is_price_known ? t('price', { input: formats.usd(input), cached: formats.usd(cached), output: formats.usd(output) }) : t('assumed')}</span>
      <span className="text-soft">{model.agents.length === 0 ? t('askedByNobody') : t('askedBy', { names: formats.list(model.agents) })}</span>
      {model.fallback.length > 0 && <span className="text-soft">{t('fallback', { names: formats.list(model.fallback) })}</span>}
    </li>
  );
}

function Connected() {
  const t = useTranslations('settings.integrations');
  const integrations = useIntegrations();
  if (integrations.data === undefined)
    return (
      <Part title={t('title')} hint={t('hint')}>
        {integrations.isPending && <Loading lines={6} className="px-0" />}
        {integrations.isError && <Failed error={integrations.error} onRetry={() => void integrations.refetch()} />}
      </Part>
    );
  return <Servers found={integrations.data} />;
}

function Servers({ found }: { found: Schemas['IntegrationsView'] }) {
  const t = useTranslations('settings.integrations');
  const ways = [
    ['oidc', found.oidc],
    ['push', found.push],
    ['mail', found.mail],
  ] as const;
  return (
    <Part title={t('title')} hint={t('hint')}>
      <h3 className="text-sm font-medium">{t('servers')}</h3>
      {found.servers.length === 0 && <p className="text-sm text-soft">{t.rich('noServers', { code })}</p>}
      <ul className="divide-y divide-line">
        {found.servers.map((server) => (
          <li key={server.name} className="grid gap-0.5 py-2 text-sm">
            <span className="flex flex-wrap items-center gap-2">
              <code className="min-w-0 flex-1 font-mono wrap-anywhere">{server.name}</code>
              <Badge>{server.transport}</Badge>
              {server.tools.length === 0 && <Badge tone="wait">{t('away')}</Badge>}
            </span>
            {server.tools.length === 0 ? (
              <span className="text-soft">{t('awayHint')}</span>
            ) : (
              <Link href={`/tools?q=${encodeURIComponent(`${server.name}.`)}`} className="justify-self-start text-accent underline underline-offset-2">
                {t('tools', { count: server.tools.length })}
              </Link>
            )}
          </li>
        ))}
      </ul>
      {found.set_aside.length > 0 && (
        <>
          <h3 className="mt-3 text-sm font-medium">{t('setAside')}</h3>
          <ul className="divide-y divide-line">
            {found.set_aside.map((one) => (
              <li key={one.name} className="grid gap-0.5 py-2 text-sm">
                <code className="font-mono wrap-anywhere">{one.name}</code>
                <span dir="auto" className="text-bad wrap-anywhere">
                  {one.why}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      <ul aria-label={t('ways')} className="mt-3 divide-y divide-line border-t border-line">
        {ways.map(([way, isOn]) => (
          <li key={way} className="flex items-center justify-between gap-2 py-2 text-sm">
            <span>{t(`way.${way}`)}</span>
            <Badge tone={isOn ? 'good' : 'plain'}>{isOn ? t('on') : t('off')}</Badge>
          </li>
        ))}
      </ul>
    </Part>
  );
}
