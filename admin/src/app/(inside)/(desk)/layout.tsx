import { DeskWords } from '@/components/desk-words';

/** Pages for records and rules: they bring their own words. */
export default function Desk({ children }: { children: React.ReactNode }) {
  return <DeskWords>{children}</DeskWords>;
}
