import { domainToASCII } from "node:url";

/** Characters of a key that may be somebody's; no address is longer (RFC 5321 §4.5.3.1.3), no username either. */
const longestKey = 320;

/**
 * A username as it is kept and looked up: lower-cased. The form allows ASCII only; what of that looks alike, `usernameSkeleton` knows.
 * What cannot be kept, because it is too long or no text, becomes what nobody has.
 */
export const usernameKey = (username: string): string => storable(username.toLowerCase());

/**
 * What two e-mail addresses are compared by: the local part in NFKC and lower case, the domain by UTS 46 (its ASCII form).
 * Mail systems that tell upper from lower case in local parts are not known any more, people who type both are. Empty for
 * an empty address; what cannot be kept becomes what nobody has.
 */
export function emailKey(email: string): string {
  const at = email.lastIndexOf("@");
  const local = (at < 0 ? email : email.slice(0, at)).normalize("NFKC").toLowerCase();
  if (at < 0) return storable(local);
  const domain = email.slice(at + 1);
  return storable(`${local}@${domainToASCII(domain) || domain.toLowerCase()}`);
}

/**
 * The beginning of an address, as its key begins. The labels of the domain become their ASCII form one by one. Of the last, which may
 * not be there as a whole yet, what is ASCII stays as it is, because it is the beginning of that form.
 */
export function emailPrefixKey(prefix: string): string {
  const at = prefix.lastIndexOf("@");
  if (at < 0) return emailKey(prefix);
  const domain = prefix.slice(at + 1).toLowerCase();
  const labels = domain.split(".").map((label) => (/[^ -~]/.test(label) && domainToASCII(label)) || label);
  return storable(`${emailKey(prefix.slice(0, at))}@${labels.join(".")}`);
}

/** What a person's name is found by: NFKC and lower case. */
export const nameKey = (name: string): string => storable(name.normalize("NFKC").toLowerCase());

/** People type what no index holds, and NFKC can make eighteen characters of one. No key of a user has the sign. */
const storable = (key: string): string =>
  key.length > longestKey || key.includes("\0") || !key.isWellFormed() ? "\ufffd" : key;
