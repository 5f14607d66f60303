import { personal, type PersonalCollection } from "../../host/personal-data.ts";
import { dataExports, groupMembers, groups, passwordHistories, passwords, roleAssignments } from "../collections.ts";
import { userSubject } from "../roles/subject.ts";

/** What there is of a person here beside themselves. */
export const personalCollections: readonly PersonalCollection[] = [
  personal(passwords, (userId) => ({ id: userId })),
  personal(passwordHistories, (userId) => ({ id: userId })),
  personal(groupMembers, (userId) => ({ index: "member", equals: userSubject(userId) }), [
    { of: ({ groupId }) => groupId, part: personal(groups, (id) => ({ id })) },
  ]),
  personal(roleAssignments, (userId) => ({ index: "subject", equals: userSubject(userId) })),
  personal(dataExports, (userId) => ({ index: "user_id", equals: userId })),
];
