import type { Schemas } from '@/lib/api/client';

type Grant = Schemas['RoleGrant'];

/** Roles and where they hold: somebody has the same roles in each of their workspaces, or everywhere. */
export interface Roles {
  roles: string[];
  /** None means everywhere. */
  workspaces: string[] | null;
}

/** Grants as they are thought of. */
export function rolesOf(grants: readonly Grant[]): Roles {
  const places = grants.map((grant) => grant.workspace_id ?? null);
  const isEverywhere = places.includes(null);
  return { roles: [...new Set(grants.map((grant) => grant.role))], workspaces: isEverywhere || places.length === 0 ? null : [...new Set(places.filter((place) => place !== null))] };
}

/** What the server is asked for. An owner owns the whole organisation, whatever else is said. */
export function grantsOf({ roles, workspaces }: Roles): Grant[] {
  if (workspaces === null || roles.includes('owner')) return roles.map((role) => ({ role }));
  return workspaces.flatMap((workspace_id) => roles.map((role) => ({ role, workspace_id })));
}
