/** A tool's name as people read it, with the exact one on hover: `crm.create_contact` is “create contact” of crm. */
export function ToolName({ name }: { name: string }) {
  const [plugin, ...rest] = name.split('.');
  const verb = rest.join('.').replaceAll('_', ' ');
  return (
    <bdi title={name}>
      {verb === '' ? name : verb} {verb !== '' && <span className="font-normal text-soft">{plugin}</span>}
    </bdi>
  );
}
