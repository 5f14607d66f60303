import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TenantSchema, type Tenant } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { ActorType, type Event } from "#gen/koder/events/v1/event_pb.ts";
import { UserSchema, type User } from "#gen/koder/identity/store/v1/user_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { eventOf } from "../../services/host/event.ts";
import { usernameByPolicy } from "../../services/identity/usernames/checked-username.ts";
import { policyWithDefaults } from "../../services/identity/usernames/tenant-policy.ts";
import { emailKey } from "../../services/identity/users/login-names.ts";
import { usernameSkeleton } from "../../services/identity/users/username-skeleton.ts";
import { ulid } from "../../services/vault/random.ts";

/** How many there are. Half of the users belong to the default tenant, the others to the other tenants alike. */
export interface Population {
  readonly tenants: number;
  readonly users: number;
}

/** A record with the event that its creation is told by. */
export interface Made<Record> {
  readonly record: Record;
  readonly event: Event;
}

const actor = { id: "bench-loader", type: ActorType.SERVICE } as const;

/** The tenant of a number, created at `now` (ms), as an administrator makes one. */
export function madeTenant(number: number, now: number): Made<Tenant> {
  const slug = `tenant-${String(number).padStart(6, "0")}`;
  const record = create(TenantSchema, {
    id: ulid(now),
    slug,
    displayName: `Tenant ${number}`,
    canonicalOrigin: `https://${slug}.example.com`,
    active: true,
    createTime: timestampFromMs(now),
  });
  const event = eventOf(
    { requestId: record.id, tenantId: "system", actor },
    now,
    { type: "tenant", id: record.id, version: 1 },
    { case: "tenantCreated", value: { $typeName: "koder.events.v1.TenantCreated", slug } },
  );
  return { record, event };
}

const givenNames = ["ana", "bruno", "carla", "diego", "elena", "felipe", "gabriela", "hugo", "ines", "joao", "karin"];
const familyNames = ["alves", "braga", "costa", "duarte", "esteves", "freitas", "gomes", "hofer", "ibarra", "jensen"];

/** The username of a number: the first names of the list have as many users as the last. */
export const usernameOf = (number: number): string => `${givenNames[number % givenNames.length] ?? ""}.${number}`;

/** The e-mail address of a number. */
export const emailOf = (number: number): string => `${usernameOf(number)}@example.com`;

/** A prefix that many usernames have, and how many of the digits of a number after it are fixed. */
export const commonPrefix = `${givenNames[3]}.`;

/** The user of a number, created in `tenantId` at `now` (ms), as CreateUser makes one without a password. */
export function madeUser(number: number, tenantId: string, now: number): Made<User> {
  const given = givenNames[number % givenNames.length] ?? "";
  const family = familyNames[number % familyNames.length] ?? "";
  const email = emailOf(number);
  const time = timestampFromMs(now);
  const username = usernameByPolicy(policyWithDefaults(), "username", usernameOf(number));
  const record = create(UserSchema, {
    id: ulid(now),
    username,
    usernameSkeleton: usernameSkeleton(username),
    email,
    emailKey: emailKey(email),
    emailVerified: true,
    status: UserStatus.ACTIVE,
    name: `${capital(given)} ${capital(family)}`,
    givenName: capital(given),
    familyName: capital(family),
    locale: "pt-BR",
    createTime: time,
    updateTime: time,
  });
  const event = eventOf(
    { requestId: record.id, tenantId, actor },
    now,
    { type: "user", id: record.id, version: 1 },
    { case: "userCreated", value: { $typeName: "koder.events.v1.UserCreated", username: record.username } },
  );
  return { record, event };
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
