import { create, getOption, hasOption, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { expect, test } from "vitest";
import { BrowserFlowService, SubmitPasswordRequestSchema } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { SystemService } from "#gen/koder/admin/v1/system_service_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { TokenService } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { sensitive } from "#gen/koder/options/v1/field_pb.ts";
import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "./failure.ts";
import { createLog, redact } from "./log.ts";

const secret = "SECRET-VALUE";

/** A message with the secret in every sensitive text, and messages in every field that holds them. */
function filled(schema: DescMessage, depth = 0): Message {
  const message = create(schema);
  const view = reflect(schema, message);
  for (const field of schema.fields) {
    const isSensitive = hasOption(field, sensitive) && getOption(field, sensitive);
    if (field.fieldKind === "scalar" && isSensitive) view.set(field, secret);
    if (field.fieldKind === "message" && depth < 4)
      view.set(field, reflect(field.message, filled(field.message, depth + 1)));
    if (field.fieldKind === "list" && field.listKind === "message" && depth < 4) {
      view.get(field).add(reflect(field.message, filled(field.message, depth + 1)));
    }
  }
  return message;
}

test("A21: no sensitive field of any message is in a log line", () => {
  const services = [
    UserService,
    CredentialService,
    BrowserFlowService,
    TokenService,
    GrantService,
    BrowserSessionService,
    SystemService,
  ];
  let redacted = 0;
  for (const { methods } of services) {
    for (const { input, output } of methods) {
      for (const schema of [input, output]) {
        const line = JSON.stringify(redact(schema, filled(schema)));
        expect(line, schema.typeName).not.toContain(secret);
        redacted += line.split("[redacted]").length - 1;
      }
    }
  }
  expect(redacted).toBeGreaterThan(20);
});

test("what is not sensitive stays readable", () => {
  const message = create(SubmitPasswordRequestSchema, {
    username: "u",
    password: "p",
    clientId: "c",
    browser: { browserToken: "b", remoteAddress: "192.0.2.1" },
  });
  expect(redact(SubmitPasswordRequestSchema, message)).toEqual({
    username: "u",
    password: "[redacted]",
    client_id: "c",
    browser: { browser_token: "[redacted]", remote_address: "192.0.2.1" },
  });
});

test("an error of a call is shown by what it says, not by the descriptors of its details", () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line: string) => void lines.push(line) } });
  const cause = new Error("connect ECONNREFUSED");
  log.warn({ err: failure(ErrorReason.UNAVAILABLE, "a part is away", { retryAfter: 1, cause }) }, "away");
  log.warn({ err: cause }, "away");
  const [first = "", second = ""] = lines;
  expect(JSON.parse(first)).toMatchObject({
    err: {
      type: "ConnectError",
      message: expect.stringContaining("a part is away"),
      reason: "UNAVAILABLE",
      stack: expect.stringContaining("connect ECONNREFUSED"),
    },
  });
  expect(first).not.toContain("typeName");
  expect(JSON.parse(second)).toMatchObject({ err: { type: "Error", message: "connect ECONNREFUSED" } });
});
