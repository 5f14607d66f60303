import type { Role } from "#gen/koder/identity/store/v1/role_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { LogEntry, Store, TenantStore } from "../../store/store.ts";
import { roleAssignments } from "../collections.ts";
import { readRoles, withIncluded, type RoleCatalogue } from "./role-catalogue.ts";
import type { Subject } from "./subject.ts";

/** How many roles one user or client may be given: they are read all at once. */
export const mostAssignments = 200;

/** What somebody may do. It is shared: it must not be changed. */
export interface Authority {
  readonly tenantId: string;
  /** The roles that they were given, with all that those include. */
  readonly roles: readonly Role[];
  readonly permissions: ReadonlySet<string>;
}

/** What users and clients may do by their roles, each remembered for at most five seconds. */
export interface Authorities {
  of(tenantId: string, subject: Subject): Promise<Authority>;
  /** Looks at the store the next time: this process changed what somebody was given. */
  forgetSubject(tenantId: string, subject: string): void;
  /** As `forgetSubject`, for everybody of a tenant: a role was changed. */
  forgetTenant(tenantId: string): void;
  /** Forgets what an event changed. */
  readonly forget: (entry: LogEntry) => void;
}

const remembered = { ttl: 5_000 };

/** Reads what somebody may do from the store, for decisions that must not be a moment too old. */
export async function readAuthority(
  data: TenantStore,
  subject: Subject,
  catalogue: Promise<RoleCatalogue> = readRoles(data),
): Promise<Authority> {
  const [known, { items }] = await Promise.all([
    catalogue,
    data.page(roleAssignments, { index: "subject", equals: subject, limit: mostAssignments }),
  ]);
  const roles = withIncluded(
    known,
    items.map(({ record }) => record.roleId),
  );
  return { tenantId: data.tenantId, roles, permissions: new Set(roles.flatMap(({ permissions }) => permissions)) };
}

/** Authorities over two bounded caches: the roles of a tenant, and what follows from them for one subject. `clock` in ms. */
export function createAuthorities({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: () => number;
}): Authorities {
  const catalogues = createBoundedCache<RoleCatalogue>({ ...remembered, maxEntries: 500, clock });
  const authorities = createBoundedCache<Authority>({ ...remembered, maxEntries: 10_000, clock });
  const key = (tenantId: string, subject: string) => `${tenantId}/${subject}`;

  function forgetSubject(tenantId: string, subject: string): void {
    authorities.delete(key(tenantId, subject));
  }
  function forgetTenant(tenantId: string): void {
    catalogues.delete(tenantId);
    authorities.drop((authority) => authority.tenantId === tenantId);
  }
  return {
    of(tenantId, subject) {
      return authorities.get(key(tenantId, subject), () => {
        const data = store.tenant(tenantId);
        return readAuthority(
          data,
          subject,
          catalogues.get(tenantId, () => readRoles(data)),
        );
      });
    },
    forgetSubject,
    forgetTenant,
    forget({ tenantId, event: { resourceType, payload } }) {
      if (resourceType === "role") forgetTenant(tenantId);
      if (resourceType !== "role_assignment") return;
      // Of an event that this version cannot read, nobody knows whom it is about.
      if (payload.case !== "roleAssigned" && payload.case !== "roleUnassigned") forgetTenant(tenantId);
      else forgetSubject(tenantId, payload.value.subject);
    },
  };
}
