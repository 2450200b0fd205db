import { seen } from '@/lib/seen';

/** A tool's name as people read it, with the exact one on hover: `crm.create_contact` is “create contact” of crm. */
export function ToolName({ name }: { name: string }) {
  const shown = seen(name);
  const [plugin, ...rest] = shown.split('.');
  const verb = rest.join('.').replaceAll('_', ' ');
  return (
    <bdi title={shown}>
      {verb === '' ? shown : verb} {verb !== '' && <span className="font-normal text-soft">{plugin}</span>}
    </bdi>
  );
}
