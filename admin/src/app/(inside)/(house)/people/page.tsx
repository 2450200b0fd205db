import { PeopleView } from '@/features/people/people-view';

export default function PeoplePage() {
  return <PeopleView />;
}
