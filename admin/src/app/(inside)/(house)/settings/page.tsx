import { SettingsView } from '@/features/settings/settings';

export default function SettingsPage() {
  return <SettingsView />;
}
