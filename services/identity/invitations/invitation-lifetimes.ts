/** How long the link of an invitation is good, and for how long after that it can be sent again, in milliseconds. */
export const invitationLifetimes = { link: 7 * 86_400_000, afterwards: 30 * 86_400_000 } as const;
