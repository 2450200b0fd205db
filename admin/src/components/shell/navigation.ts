import { Activity, Ban, BookText, Bot, Building2, CalendarClock, ChartColumn, CircleCheckBig, FileText, GitPullRequestArrow, HandCoins, KeySquare, Lightbulb, ListChecks, MessageSquare, Scale, ScrollText, Settings, UserCog, Users, Wallet, Workflow, Wrench, type LucideIcon } from 'lucide-react';
import type { Schemas } from '@/lib/api/client';
import type { Me } from '@/lib/me';

export type NavigationName = Schemas['Place'];
export type NavigationGroup = 'work' | 'observe' | 'office' | 'govern' | 'system';

interface Looks {
  icon: LucideIcon;
  group: NavigationGroup;
}

/** A place one can go to. */
export interface Place extends Looks {
  name: NavigationName;
  path: string;
}

/** How each place is shown. Who may see which, and in what order they come, is the server's word. */
const LOOKS: Record<NavigationName, Looks> = {
  chat: { icon: MessageSquare, group: 'work' },
  holds: { icon: CircleCheckBig, group: 'work' },
  blocked: { icon: Ban, group: 'observe' },
  actions: { icon: ListChecks, group: 'observe' },
  runs: { icon: Workflow, group: 'observe' },
  schedules: { icon: CalendarClock, group: 'work' },
  budgets: { icon: Wallet, group: 'observe' },
  usage: { icon: ChartColumn, group: 'observe' },
  contacts: { icon: Users, group: 'office' },
  companies: { icon: Building2, group: 'office' },
  deals: { icon: HandCoins, group: 'office' },
  documents: { icon: FileText, group: 'office' },
  policies: { icon: Scale, group: 'govern' },
  changes: { icon: GitPullRequestArrow, group: 'govern' },
  suggestions: { icon: Lightbulb, group: 'govern' },
  grants: { icon: KeySquare, group: 'govern' },
  tools: { icon: Wrench, group: 'govern' },
  prompts: { icon: BookText, group: 'govern' },
  agents: { icon: Bot, group: 'govern' },
  audit: { icon: ScrollText, group: 'govern' },
  people: { icon: UserCog, group: 'system' },
  health: { icon: Activity, group: 'system' },
  settings: { icon: Settings, group: 'system' },
};

function isName(text: string): text is NavigationName {
  return Object.hasOwn(LOOKS, text);
}

/** Where one may go. A place that a newer server names, and this script does not know, is left out. The first four stand at the bottom of a phone. */
export function placesOf(me: Me): Place[] {
  return me.places.filter(isName).map((name) => ({ name, path: `/${name}`, ...LOOKS[name] }));
}

/** The place that a path belongs to: the page itself, or one below it. */
export function placeAt(path: string): NavigationName | null {
  const [, first = ''] = path.split('/');
  return isName(first) ? first : null;
}
