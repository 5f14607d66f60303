import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";

/** Whose password it is to be, as far as that is known. */
export interface PasswordOwner {
  readonly username: string;
  readonly email: string;
  readonly name?: string;
  readonly givenName?: string;
  readonly middleName?: string;
  readonly familyName?: string;
  readonly nickname?: string;
  readonly phoneNumber?: string;
  readonly birthdate?: string;
}

/** What it is to be the password for. */
export type PasswordPlace = Pick<Tenant, "slug" | "displayName" | "defaultDomain">;

/** Shorter words are part of too many others. */
const shortest = 3;

/**
 * What somebody who knows the owner and the place would try first, in lower case, the longest first: names, whole and in
 * their parts, addresses, numbers.
 */
export function contextWords(owner: PasswordOwner, place: PasswordPlace): readonly string[] {
  const { username, email, name, givenName, middleName, familyName, nickname, phoneNumber, birthdate } = owner;
  const [local = "", domain = ""] = email.split("@");
  const names = [username, local, name, givenName, middleName, familyName, nickname, place.displayName, place.slug];
  const parts = names.flatMap((one) => (one ?? "").split(/[\s.,_+-]+/));
  const domains = [domain, place.defaultDomain].flatMap((one) => [one, one.split(".")[0] ?? ""]);
  const numbers = [phoneNumber, birthdate].map((one) => (one ?? "").replaceAll(/\D/g, ""));
  const words = [email, ...names, ...parts, ...domains, ...numbers].map((one) =>
    (one ?? "").normalize("NFKC").toLowerCase(),
  );
  return [...new Set(words)].filter((word) => word.length >= shortest).toSorted((a, b) => b.length - a.length);
}
