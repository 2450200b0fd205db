import { Shell } from '@/components/shell/shell';

export default function Inside({ children }: { children: React.ReactNode }) {
  return <Shell>{children}</Shell>;
}
