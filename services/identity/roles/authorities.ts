import type { Group } from "#gen/koder/identity/store/v1/group_pb.ts";
import type { Role } from "#gen/koder/identity/store/v1/role_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { LogEntry, Store, TenantStore } from "../../store/store.ts";
import { roleAssignments } from "../collections.ts";
import { groupsFrom, groupsOfUser, readNesting, type Nesting } from "../groups/nesting.ts";
import { readRoles, withIncluded, type RoleCatalogue } from "./role-catalogue.ts";
import { groupSubject, subjectParts, type Subject } from "./subject.ts";

/** How many roles one user, group or client may be given: they are read all at once. */
export const mostAssignments = 200;

/** What somebody may do. It is shared: it must not be changed. */
export interface Authority {
  readonly tenantId: string;
  /** The roles that they were given, themselves or by a group, with all that those include. */
  readonly roles: readonly Role[];
  /** The groups that they are in, with those that these are in. */
  readonly groups: readonly Group[];
  readonly permissions: ReadonlySet<string>;
}

/** What all of a tenant have in common: its roles, and which group is in which. */
interface TenantGraph {
  readonly roles: RoleCatalogue;
  readonly nesting: Nesting;
}

/** What users and clients may do by their roles and groups, each remembered for at most five seconds. */
export interface Authorities {
  of(tenantId: string, subject: Subject): Promise<Authority>;
  /** Looks at the store the next time: this process changed what a user or client was given. */
  forgetSubject(tenantId: string, subject: string): void;
  /** As `forgetSubject`, for everybody of a tenant: a role or a group was changed. */
  forgetTenant(tenantId: string): void;
  /** Forgets what an event changed. */
  readonly forget: (entry: LogEntry) => void;
}

/** Half of five seconds for each of the two caches: what comes of both is never older than five. */
const remembered = { ttl: 2_500 };

async function readGraph(data: TenantStore): Promise<TenantGraph> {
  const [roles, nesting] = await Promise.all([readRoles(data), readNesting(data)]);
  return { roles, nesting };
}

/** Reads what somebody may do from the store, for decisions that must not be a moment too old. */
export async function readAuthority(
  data: TenantStore,
  subject: Subject,
  graph: Promise<TenantGraph> = readGraph(data),
): Promise<Authority> {
  const given = async (to: Subject): Promise<readonly string[]> => {
    const { items } = await data.page(roleAssignments, { index: "subject", equals: to, limit: mostAssignments });
    return items.map(({ record }) => record.roleId);
  };
  const [{ roles: known, nesting }, own] = await Promise.all([graph, given(subject)]);
  const groups = await groupsOf(data, nesting, subject);
  const byGroups = await Promise.all(groups.map(({ id }) => given(groupSubject(id))));
  const roles = withIncluded(known, [...own, ...byGroups.flat()]);
  const permissions = new Set(roles.flatMap((role) => role.permissions));
  return { tenantId: data.tenantId, roles, groups, permissions };
}

/** The groups whose roles somebody has; of a group also its own. */
async function groupsOf(data: TenantStore, nesting: Nesting, subject: Subject): Promise<readonly Group[]> {
  const { kind, id } = subjectParts(subject);
  if (kind === "user") return groupsOfUser(data, nesting, id);
  return kind === "group" ? groupsFrom(data, nesting, [id]) : [];
}

/** Authorities over two bounded caches: what all of a tenant have in common, and what follows for one. `clock` in ms. */
export function createAuthorities({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: () => number;
}): Authorities {
  const graphs = createBoundedCache<TenantGraph>({ ...remembered, maxEntries: 500, clock });
  const authorities = createBoundedCache<Authority>({ ...remembered, maxEntries: 10_000, clock });
  const key = (tenantId: string, subject: string) => `${tenantId}/${subject}`;

  function forgetTenant(tenantId: string): void {
    graphs.delete(tenantId);
    authorities.drop((authority) => authority.tenantId === tenantId);
  }
  /** What a group is given, everybody in it has. */
  function forgetSubject(tenantId: string, subject: string): void {
    if (subjectParts(subject).kind === "group") forgetTenant(tenantId);
    else authorities.delete(key(tenantId, subject));
  }
  return {
    of(tenantId, subject) {
      return authorities.get(key(tenantId, subject), () => {
        const data = store.tenant(tenantId);
        return readAuthority(
          data,
          subject,
          graphs.get(tenantId, () => readGraph(data)),
        );
      });
    },
    forgetSubject,
    forgetTenant,
    forget({ tenantId, event: { resourceType, payload } }) {
      if (resourceType === "role" || resourceType === "group") forgetTenant(tenantId);
      if (resourceType !== "role_assignment" && resourceType !== "group_member") return;
      switch (payload.case) {
        case "roleAssigned":
        case "roleUnassigned":
          return forgetSubject(tenantId, payload.value.subject);
        case "groupMemberAdded":
        case "groupMemberRemoved":
          return forgetSubject(tenantId, payload.value.member);
        default:
          // An event that this version cannot read: nobody knows whom it is about.
          return forgetTenant(tenantId);
      }
    },
  };
}
