import { Copy } from './copy';

/** A digest, whole to copy and to read, as short as there is room. */
export function Digest({ digest }: { digest: string }) {
  return (
    <span className="flex min-w-0 items-center gap-1" dir="ltr">
      <code title={digest} className="min-w-0 truncate font-mono text-xs">
        {digest}
      </code>
      <Copy text={digest} />
    </span>
  );
}
