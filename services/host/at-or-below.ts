/** Whether a host name is a domain, or a name below it. Both in small letters, without ports. */
export const isAtOrBelow = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`);
