import type { Group } from "#gen/koder/identity/store/v1/group_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { groupMembers, groups } from "../collections.ts";
import { groupSubject, subjectParts, userSubject } from "../roles/subject.ts";

/** How many groups of a tenant may be in groups: they are read, and remembered, all at once. */
export const mostNestings = 900;
/** A little more than the limit: of additions at the same moment, one may go beyond it. */
const mostRead = mostNestings + 100;
/** Into how many groups one user or group may be put. */
export const mostGroupsOfOne = 200;

/** By the id of each group that is in others, the ids of those. */
export type Nesting = ReadonlyMap<string, readonly string[]>;

/** Reads which groups of a tenant are in which. */
export async function readNesting(data: TenantStore): Promise<Nesting> {
  const { items } = await data.page(groupMembers, { index: "member", prefix: groupSubject(""), limit: mostRead });
  const nesting = new Map<string, string[]>();
  for (const { record } of items) {
    const { id } = subjectParts(record.member);
    const outer = nesting.get(id);
    if (outer === undefined) nesting.set(id, [record.groupId]);
    else outer.push(record.groupId);
  }
  return nesting;
}

/** How many groups are in groups. */
export const nestings = (nesting: Nesting): number =>
  [...nesting.values()].reduce((sum, { length }) => sum + length, 0);

/** The ids of groups that ids lead to, themselves included, by nesting alone. */
export function withOuter(nesting: Nesting, ids: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    waiting.push(...(nesting.get(id) ?? []));
  }
  return found;
}

/**
 * The groups that a user is in: those that they were put into, and whatever those are in. A group that is gone leads nowhere,
 * although its members may still name it.
 */
export async function groupsOfUser(data: TenantStore, nesting: Nesting, userId: string): Promise<readonly Group[]> {
  const query = { index: "member", equals: userSubject(userId), limit: mostGroupsOfOne };
  const { items } = await data.page(groupMembers, query);
  return groupsFrom(
    data,
    nesting,
    items.map(({ record }) => record.groupId),
  );
}

/** The groups that ids name and what those are in, as far as they are there. */
export async function groupsFrom(
  data: TenantStore,
  nesting: Nesting,
  ids: readonly string[],
): Promise<readonly Group[]> {
  const found = new Map<string, Group>();
  for (let level = ids; level.length > 0;) {
    const read = await Promise.all(level.map((id) => data.get(groups, id)));
    const there = read.flatMap((stored) => stored?.record ?? []);
    for (const group of there) found.set(group.id, group);
    const outer = there.flatMap(({ id }) => nesting.get(id) ?? []);
    level = [...new Set(outer)].filter((id) => !found.has(id));
  }
  return [...found.values()];
}
