import { ConnectView } from '@/features/connect/connect-view';

export default function AuthorizePage() {
  return <ConnectView />;
}
