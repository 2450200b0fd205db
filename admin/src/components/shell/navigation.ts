import { Activity, Ban, BookText, Bot, Building2, CalendarClock, ChartColumn, CircleCheckBig, FileText, GitPullRequestArrow, HandCoins, KeySquare, Lightbulb, ListChecks, MessageSquare, Scale, ScrollText, Settings, UserCog, Users, Wallet, Workflow, Wrench, type LucideIcon } from 'lucide-react';
import type { Me, Permission } from '@/lib/me';
import { may } from '@/lib/me';

export type NavigationName = 'chat' | 'holds' | 'schedules' | 'blocked' | 'actions' | 'runs' | 'contacts' | 'companies' | 'deals' | 'documents' | 'policies' | 'suggestions' | 'grants' | 'tools' | 'changes' | 'prompts' | 'agents' | 'budgets' | 'usage' | 'audit' | 'people' | 'health' | 'settings';
export type NavigationGroup = 'work' | 'observe' | 'office' | 'govern' | 'system';

/** A place one can go to. */
export interface Place {
  name: NavigationName;
  path: string;
  icon: LucideIcon;
  group: NavigationGroup;
  /** Who may see it; anyone signed in without it. */
  needs: Permission | null;
}

/** Every place, in the order in which it is shown. The first four that one may see stand at the bottom of a phone. */
export const PLACES: readonly Place[] = [
  { name: 'chat', path: '/chat', icon: MessageSquare, group: 'work', needs: 'conversations:use' },
  { name: 'holds', path: '/holds', icon: CircleCheckBig, group: 'work', needs: 'holds:read' },
  { name: 'blocked', path: '/blocked', icon: Ban, group: 'observe', needs: 'actions:read' },
  { name: 'actions', path: '/actions', icon: ListChecks, group: 'observe', needs: 'actions:read' },
  { name: 'runs', path: '/runs', icon: Workflow, group: 'observe', needs: null },
  { name: 'schedules', path: '/schedules', icon: CalendarClock, group: 'work', needs: 'conversations:use' },
  { name: 'budgets', path: '/budgets', icon: Wallet, group: 'observe', needs: 'budgets:read' },
  { name: 'usage', path: '/usage', icon: ChartColumn, group: 'observe', needs: 'budgets:read' },
  { name: 'contacts', path: '/contacts', icon: Users, group: 'office', needs: 'contacts:read' },
  { name: 'companies', path: '/companies', icon: Building2, group: 'office', needs: 'contacts:read' },
  { name: 'deals', path: '/deals', icon: HandCoins, group: 'office', needs: 'contacts:read' },
  { name: 'documents', path: '/documents', icon: FileText, group: 'office', needs: 'documents:read' },
  { name: 'policies', path: '/policies', icon: Scale, group: 'govern', needs: 'governance:read' },
  { name: 'changes', path: '/changes', icon: GitPullRequestArrow, group: 'govern', needs: 'governance:read' },
  { name: 'suggestions', path: '/suggestions', icon: Lightbulb, group: 'govern', needs: 'actions:read' },
  { name: 'grants', path: '/grants', icon: KeySquare, group: 'govern', needs: 'holds:read' },
  { name: 'tools', path: '/tools', icon: Wrench, group: 'govern', needs: 'governance:read' },
  { name: 'prompts', path: '/prompts', icon: BookText, group: 'govern', needs: 'governance:read' },
  { name: 'agents', path: '/agents', icon: Bot, group: 'govern', needs: 'governance:read' },
  { name: 'audit', path: '/audit', icon: ScrollText, group: 'govern', needs: 'audit:read' },
  { name: 'people', path: '/people', icon: UserCog, group: 'system', needs: 'people:read' },
  { name: 'health', path: '/health', icon: Activity, group: 'system', needs: null },
  { name: 'settings', path: '/settings', icon: Settings, group: 'system', needs: null },
];

export function placesOf(me: Me): Place[] {
  return PLACES.filter((place) => place.needs === null || may(me, place.needs));
}

export function placeAt(path: string): Place | null {
  return PLACES.find((place) => path === place.path || path.startsWith(`${place.path}/`)) ?? null;
}
