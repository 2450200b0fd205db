import { FIRST_PAINT } from '@/lib/first-paint';

/** The one script that must run before anything is painted. Its text is ours and fixed, and no word of a person is in it. */
export function FirstPaint() {
  // eslint-disable-next-line react/no-danger -- A constant of this program, let in by its hash.
  return <script dangerouslySetInnerHTML={{ __html: FIRST_PAINT }} />;
}
