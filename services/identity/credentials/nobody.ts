/** Looked up where there is no user, so that the reads are the same (security A23). No user has it. */
export const nobody = "00000000000000000000000000";
