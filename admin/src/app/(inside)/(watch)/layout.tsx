import { GroupWords } from '@/components/group-words';

/** Pages that share words of their own, which come with them only. */
export default function Watch({ children }: { children: React.ReactNode }) {
  return <GroupWords group="watch">{children}</GroupWords>;
}
