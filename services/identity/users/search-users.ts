import type { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import type { RequestedPage } from "../../host/page-token.ts";
import type { PagePosition, Stored, TenantStore } from "../../store/store.ts";
import { users } from "../collections.ts";
import { emailPrefixKey, nameKey, usernameKey } from "./login-names.ts";

type User = Stored<typeof UserSchema>;

/** A place where a prefix is looked for: an index, and what of a user is there. */
interface Place {
  readonly index: string;
  readonly key: (prefix: string) => string;
  readonly valueOf: (user: User["record"]) => string;
}

const places: readonly Place[] = [
  { index: "username", key: usernameKey, valueOf: ({ username }) => username },
  { index: "email", key: emailPrefixKey, valueOf: ({ emailKey: key }) => key },
  { index: "name", key: nameKey, valueOf: ({ name }) => nameKey(name) },
];

/**
 * Users whose username, address or name starts with a text: one place after the other, and nobody whom a place before has
 * given. The position names the place, and where in it to go on.
 */
export async function searchUsers(
  data: TenantStore,
  prefix: string,
  { limit, after }: RequestedPage,
): Promise<{ readonly items: readonly User[]; readonly next?: PagePosition }> {
  const [start, from] = after === undefined ? [0, undefined] : readPosition(after);
  const items: User[] = [];
  let position = from;
  for (let at = start; at < places.length; at += 1) {
    const place = places[at];
    if (place === undefined) break;
    const page = await data.page(users, {
      index: place.index,
      prefix: place.key(prefix),
      limit: limit - items.length,
      ...(position === undefined ? {} : { after: position }),
    });
    const before = places.slice(0, at);
    items.push(
      ...page.items.filter(({ record }) => before.every((one) => !one.valueOf(record).startsWith(one.key(prefix)))),
    );
    if (page.next !== undefined) return { items, next: writePosition(at, page.next) };
    if (items.length >= limit && at + 1 < places.length) return { items, next: { value: `${at + 1}`, id: "" } };
    position = undefined;
  }
  return { items };
}

/** `<place>` where a place begins, `<place>:<value>` within it. */
const writePosition = (at: number, { value, id }: PagePosition): PagePosition => ({ value: `${at}:${value}`, id });

function readPosition({ value, id }: PagePosition): readonly [number, PagePosition | undefined] {
  const text = String(value);
  const colon = text.indexOf(":");
  return colon < 0 ? [Number(text), undefined] : [Number(text.slice(0, colon)), { value: text.slice(colon + 1), id }];
}
