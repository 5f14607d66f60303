import { expect, test } from "vitest";
import { buildDescriptors } from "../build-descriptors.ts";
import { contractRules } from "./contract-rules.ts";

// Each rule is shown a contract that breaks it and has to name the place. The bad files are compiled beside the real
// ones, which break nothing.

const header = (folder: string, ...imports: string[]) => `
syntax = "proto3";
package ${folder.replaceAll("/", ".")};
import "buf/validate/validate.proto";
import "google/api/annotations.proto";
import "google/protobuf/struct.proto";
import "koder/options/v1/access.proto";
import "koder/options/v1/field.proto";
${imports.map((path) => `import "${path}";`).join("\n")}
`;

const publicFile = `${header("koder/bad/v1", "koder/bad/store/v1/thing.proto", "koder/bad/v1/bad_internal.proto")}
// BadService shows what a public service must not be.
service BadService {
  // Has no access option at all.
  rpc NoAccess(NoAccessRequest) returns (NoAccessResponse);
  // Names a right that is none, and a field that is not there.
  rpc GetThing(GetThingRequest) returns (GetThingResponse) {
    option (google.api.http) = {post: "/v1/things"};
    option (koder.options.v1.access) = {
      callers: [CALLER_USER]
      target: TARGET_SELF_OR_PERMISSION
      permission: "things"
      resource_field: "thing.nothing"
    };
  }
  rpc Uncommented(UncommentedRequest) returns (UncommentedResponse) {
    option (koder.options.v1.access) = {callers: [CALLER_SERVICE], services: ["nobody"]};
  }
}
message NoAccessRequest {
  string unbounded = 1;
  bytes blob = 2;
  repeated string list = 3 [(buf.validate.field).repeated.max_items = 3];
  map<string, string> map = 4;
  Kind kind = 5;
  int32 page_size = 6 [(buf.validate.field).int32.lte = 500];
  google.protobuf.Struct anything = 7;
  Inner inner = 8;
  string open_pattern = 9 [(buf.validate.field).string.pattern = "^a+$"];
  string closed_pattern = 10 [(buf.validate.field).string.pattern = "^[+*]{1,3}$"];
  oneof choice {
    bool yes = 11;
    bool no = 12;
  }
}
message Inner {
  string deep = 1;
}
message NoAccessResponse {
  string access_token = 1;
  string new_password = 2 [(koder.options.v1.sensitive) = true];
  string note = 3 [(koder.options.v1.write_only) = true];
}
message GetThingRequest {}
message GetThingResponse {
  koder.bad.store.v1.Thing thing = 1;
  HiddenRequest hidden = 2;
}
message UncommentedRequest {}
message UncommentedResponse {}
enum Kind {
  KIND_A = 0;
}
`;

const internalFile = `${header("koder/bad/v1")}
// HiddenService shows what an internal service must not be.
service HiddenService {
  // Is open to everybody and has a REST face.
  rpc Hidden(HiddenRequest) returns (HiddenResponse) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = {post: "/v1/hidden"};
    option (koder.options.v1.access) = {callers: [CALLER_PUBLIC, CALLER_CLIENT]};
  }
}
message HiddenRequest {}
message HiddenResponse {}
`;

const files = await buildDescriptors({
  "koder/bad/v1/bad.proto": publicFile,
  "koder/bad/v1/bad_internal.proto": internalFile,
  "koder/bad/store/v1/thing.proto": `${header("koder/bad/store/v1")} message Thing { string password = 1; }`,
  "koder/events/v1/bad.proto": `${header("koder/events/v1")} message ResetRequested { string reset_token = 1; }`,
});

const bad = "koder.bad.v1";
const expected: Readonly<Record<keyof typeof contractRules, readonly string[]>> = {
  "every method has a complete access option": [
    `${bad}.BadService/NoAccess: no access option`,
    `${bad}.BadService/GetThing: access has no permission of the form resource.verb`,
    `${bad}.BadService/GetThing: the request has no field thing.nothing`,
    `${bad}.BadService/Uncommented: there is no service nobody`,
    `${bad}.HiddenService/Hidden: PUBLIC beside other callers says nothing`,
    `${bad}.HiddenService/Hidden: access has no target`,
    `${bad}.HiddenService/Hidden: access has no permission of the form resource.verb`,
  ],
  "internal files are for services only, public ones are not": [
    `${bad}.BadService/Uncommented: is for services but stands in a public file`,
    `${bad}.HiddenService/Hidden: stands in an internal file but is not for services only`,
    `${bad}.HiddenService/Hidden: is internal but has a REST face`,
  ],
  "every service and method has a comment": [`${bad}.BadService/Uncommented: no comment`],
  "reads have no side effects": [
    `${bad}.BadService/GetThing: reads, by its name, but is not NO_SIDE_EFFECTS`,
    `${bad}.HiddenService/Hidden: is NO_SIDE_EFFECTS but answers post`,
  ],
  "every request field is bounded": [
    `${bad}.NoAccessRequest.unbounded: the string has no bound`,
    `${bad}.NoAccessRequest.blob: the bytes have no max_len`,
    `${bad}.NoAccessRequest.list: the string has no bound`,
    `${bad}.NoAccessRequest.map: the map has no max_pairs`,
    `${bad}.NoAccessRequest.map: the map's key has no bound`,
    `${bad}.NoAccessRequest.map: the string has no bound`,
    `${bad}.NoAccessRequest.kind: the enum is not defined_only`,
    `${bad}.NoAccessRequest.page_size: a page size is an int32 of 0 to 200`,
    `${bad}.NoAccessRequest.anything: google.protobuf.Struct has no bound`,
    `${bad}.NoAccessRequest.open_pattern: the string has no bound`,
    `${bad}.Inner.deep: the string has no bound`,
  ],
  "every choice in a request is made": [`${bad}.NoAccessRequest.choice: the oneof is not required`],
  "secrets are marked": [
    `${bad}.NoAccessResponse.access_token: is a secret by its name but not sensitive`,
    `${bad}.NoAccessResponse.new_password: is a password or secret but not write_only`,
    `${bad}.NoAccessResponse.note: is write_only but not sensitive`,
    "koder.events.v1.ResetRequested.reset_token: is a secret by its name but not sensitive",
  ],
  "events carry no secrets": ["koder.events.v1.ResetRequested.reset_token: an event carries a secret"],
  "every enum starts with UNSPECIFIED": [`${bad}.Kind: the zero value is not called …_UNSPECIFIED`],
  "packages keep their places": [
    "koder/bad/v1/bad: imports koder/bad/store/v1/thing, which is only stored",
    "koder/bad/v1/bad: imports koder/bad/v1/bad_internal, which is internal",
  ],
};

test.each(Object.entries(contractRules))("%s: what breaks it is named", (name, rule) => {
  const found = rule(files).filter((problem) => /bad|ResetRequested/.test(problem));
  expect(found.toSorted()).toEqual((expected[name] ?? []).toSorted());
  expect(found).not.toHaveLength(0);
});
