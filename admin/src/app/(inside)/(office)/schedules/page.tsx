import { SchedulesView } from '@/features/schedules/schedules-view';

export default function Schedules() {
  return <SchedulesView />;
}
