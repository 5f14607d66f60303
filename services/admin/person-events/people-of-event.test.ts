import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ActorType, EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { namingFields, peopleOfEvent } from "./people-of-event.ts";

const [ana, bob] = ["01JANA00000000000000000000", "01JB0B00000000000000000000"];

/** Events that name nobody, and why; those of `user`, `recovery_codes` and `epoch` name them by their resource. */
const nobody: Readonly<Record<string, string>> = {
  user_created: "by its resource",
  user_updated: "by its resource",
  user_password_changed: "by its resource",
  user_deleted: "by its resource",
  user_restored: "by its resource",
  user_erased: "by its resource",
  recovery_codes_changed: "by its resource",
  recovery_code_used: "by its resource",
  epoch_bumped: "by its resource",
  flow_started: "nobody has said who they are",
  device_code_issued: "nobody has said who they are",
  device_code_slowed: "of the device",
  mail_given_up: "the mail is gone, with whom it was for",
  access_token_revoked: "of a client that acts for itself",
  client_created: "of the tenant",
  client_updated: "of the tenant",
  client_deleted: "of the tenant",
  client_secret_created: "of the tenant",
  client_secret_deleted: "of the tenant",
  signing_key_changed: "of the tenant",
  initial_access_token_created: "of the tenant",
  initial_access_token_deleted: "of the tenant",
  oauth_policy_updated: "of the tenant",
  authentication_policy_updated: "of the tenant",
  attribute_schema_updated: "of the tenant",
  password_policy_updated: "of the tenant",
  username_policy_updated: "of the tenant",
  branding_updated: "of the tenant",
  mail_template_changed: "of the tenant",
  mail_settings_updated: "of the tenant",
  mail_server_updated: "of the tenant",
  resource_server_created: "of the tenant",
  resource_server_updated: "of the tenant",
  resource_server_deleted: "of the tenant",
  api_key_created: "of the tenant",
  api_key_deleted: "of the tenant",
  role_created: "of the tenant",
  role_updated: "of the tenant",
  role_deleted: "of the tenant",
  group_created: "of the tenant",
  group_updated: "of the tenant",
  group_deleted: "of the tenant",
  tenant_created: "of the instance",
  tenant_updated: "of the instance",
  tenant_state_changed: "of the instance",
  tenant_purged: "of the instance",
  tenant_domain_changed: "of the instance",
};

test("every kind of event names its person in a field that is looked at, or says here why it names nobody", () => {
  const payloads = EventSchema.oneofs.flatMap(({ fields }) => fields);
  const naming = new Set<string>(namingFields);
  const named = payloads.filter(({ message }) => message?.fields.some(({ localName }) => naming.has(localName)));
  const unknown = payloads.filter((field) => !named.includes(field) && nobody[field.name] === undefined);
  expect(unknown.map(({ name }) => name)).toEqual([]);
  expect(named.filter(({ name }) => nobody[name] !== undefined).map(({ name }) => name)).toEqual([]);
});

test("is about whom its resource or its payload names, and by the user who caused it", () => {
  const by = (id: string, type: ActorType) => ({ actor: { $typeName: "koder.events.v1.Actor" as const, id, type } });
  const cases = [
    [{ resourceType: "user", resourceId: ana }, [ana]],
    [{ resourceType: "user", resourceId: ana, ...by(bob, ActorType.USER) }, [ana, bob]],
    [{ resourceType: "user", resourceId: ana, ...by(ana, ActorType.USER) }, [ana]],
    [{ resourceType: "recovery_codes", resourceId: ana, ...by(bob, ActorType.API_KEY) }, [ana]],
    [{ resourceType: "epoch", resourceId: `user/${ana}` }, [ana]],
    [{ resourceType: "epoch", resourceId: `client/${ana}` }, []],
    [{ resourceType: "client", resourceId: ana, ...by(bob, ActorType.USER) }, [bob]],
    [{ payload: { case: "sessionCreated", value: { userId: ana } } }, [ana]],
    [{ payload: { case: "roleAssigned", value: { roleId: "x", subject: `user/${ana}` } } }, [ana]],
    [{ payload: { case: "roleAssigned", value: { roleId: "x", subject: `group/${ana}` } } }, []],
    [{ payload: { case: "groupMemberAdded", value: { groupId: "x", member: `user/${ana}` } } }, [ana]],
    [{ payload: { case: "flowAdvanced", value: { state: "PASSWORD", userId: "" } } }, []],
  ] as const;
  for (const [event, people] of cases) {
    expect([...peopleOfEvent(create(EventSchema, event))], JSON.stringify(event)).toEqual(people);
  }
});
