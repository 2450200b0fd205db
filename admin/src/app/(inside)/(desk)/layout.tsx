import { DeskWords } from '@/lib/i18n';

/** Pages for records and rules: they bring their own words. */
export default function Desk({ children }: { children: React.ReactNode }) {
  return <DeskWords>{children}</DeskWords>;
}
