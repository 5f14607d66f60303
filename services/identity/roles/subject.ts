/** Whom a role can be given to: `user/<id>`, `group/<id>` or `client/<client id>`, as the store has it. No id has a slash. */
export type Subject = `${"user" | "group" | "client"}/${string}`;

export const userSubject = (userId: string): Subject => `user/${userId}`;
export const groupSubject = (groupId: string): Subject => `group/${groupId}`;
export const clientSubject = (clientId: string): Subject => `client/${clientId}`;

/** Of which kind it is, and whose id. */
export function subjectParts(subject: string): { readonly kind: string; readonly id: string } {
  const slash = subject.indexOf("/");
  return { kind: subject.slice(0, slash), id: subject.slice(slash + 1) };
}
