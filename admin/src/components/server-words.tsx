import { ownWordsOf, problemOf } from '@/lib/api/problem';
import { cx } from '@/lib/cx';

/** What the server's own words say of a refusal beyond what is said in the reader's language: as they are, and nothing where they say no more. */
export function ServerWords({ error, className }: { error: unknown; className?: string }) {
  const problem = problemOf(error);
  if (problem === null) return null;
  const { sentence, fields } = ownWordsOf(problem);
  if (sentence === null && fields.length === 0) return null;
  return (
    <div lang="en" className={cx('wrap-anywhere', className)}>
      {sentence !== null && <p dir="auto">{sentence}</p>}
      {fields.map(({ path, message }, at) => (
        <p key={at} dir="auto">
          {path === '' ? message : `${path}: ${message}`}
        </p>
      ))}
    </div>
  );
}
