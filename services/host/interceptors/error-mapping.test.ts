import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { ErrorInfoSchema, RetryInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { Conflict, StoreUnavailable } from "../../store/store.ts";
import { failure } from "../failure.ts";
import { createLocalTransport } from "../transport/local-transport.ts";
import { errorInfoOf, errorMappingInterceptor, mapError, type Fault } from "./error-mapping.ts";

let faults: Fault[];
beforeEach(() => {
  faults = [];
});

/** The error that a caller gets of what a handler threw. */
async function seenOf(thrown: unknown): Promise<ConnectError> {
  const methods = {
    getUser() {
      throw thrown;
    },
  };
  const interceptors = [errorMappingInterceptor((fault) => void faults.push(fault))];
  const module = { name: "identity", implementations: [{ service: UserService, methods }] } as const;
  const client = createClient(UserService, createLocalTransport(module, { interceptors }));
  return ConnectError.from(await client.getUser({}).catch((caught: unknown) => caught));
}

const refusedConnection = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:4001"), { code: "ECONNREFUSED" });
const secret = "hunter2 at /srv/koder-id/services/identity/users/get-user.ts";

describe("what a caller is told of an error", () => {
  test.each<[what: string, thrown: unknown, code: Code, reason: string, retryAfter: string | null]>([
    ["a fault of ours", new Error(secret), Code.Internal, "INTERNAL", null],
    ["what is no error at all", secret, Code.Internal, "INTERNAL", null],
    ["an error without a reason", new ConnectError(secret, Code.InvalidArgument), Code.Internal, "INTERNAL", null],
    ["a conflict", new Conflict(0, secret, "version"), Code.Aborted, "CONFLICT", null],
    ["a store that is away", new StoreUnavailable(secret, "unknown"), Code.Unavailable, "UNAVAILABLE", "1"],
    ["a connection that is refused", refusedConnection, Code.Unavailable, "UNAVAILABLE", "1"],
    ["a peer that is away", new ConnectError(secret, Code.Unavailable), Code.Unavailable, "UNAVAILABLE", "1"],
    [
      "a peer that was too slow",
      new ConnectError(secret, Code.DeadlineExceeded),
      Code.DeadlineExceeded,
      "DEADLINE_EXCEEDED",
      null,
    ],
  ])("%s", async (_what, thrown, code, reason, retryAfter) => {
    const error = await seenOf(thrown);
    expect([error.code, errorInfoOf(error)?.reason, error.metadata.get("retry-after")]).toEqual([
      code,
      reason,
      retryAfter,
    ]);
    expect(error.findDetails(RetryInfoSchema)).toHaveLength(retryAfter === null ? 0 : 1);
    expect(errorInfoOf(error)?.metadata["id"]).toMatch(/^KID-GEN-\d{3}-[0-9A-HJKMNP-TV-Z]{6}$/);
    expect(error.cause).toBeUndefined();
    const told = [error.message, ...error.metadata, ...Object.values(errorInfoOf(error)?.metadata ?? {})];
    expect(told.join(" ")).not.toMatch(/hunter2|services\//);
    expect(faults).toMatchObject([{ id: errorInfoOf(error)?.metadata["id"], reason, error: thrown }]);
  });

  test("why a call was given up: its caller went away, or its deadline passed", () => {
    const told = (reason: ConnectError) => {
      const left = new AbortController();
      left.abort(reason);
      return errorInfoOf(mapError(new Error("the stream was reset"), left.signal))?.reason;
    };
    expect(told(new ConnectError("gone", Code.Canceled))).toBe("CANCELED");
    expect(told(new ConnectError("too late", Code.DeadlineExceeded))).toBe("DEADLINE_EXCEEDED");
  });

  test("one of our own refusals is told as it is, with an id and nothing of its cause, and is no fault", async () => {
    const details = { violations: [{ field: "a", description: "b" }], metadata: { permission: "users.read" } };
    const error = await seenOf(failure(ErrorReason.PERMISSION_DENIED, "the credential lacks it", details));
    expect([error.code, error.rawMessage]).toEqual([Code.PermissionDenied, "the credential lacks it"]);
    expect(errorInfoOf(error)?.metadata).toMatchObject({ permission: "users.read" });
    expect(error.details).toHaveLength(2);
    expect(faults).toEqual([]);
    const withCause = await seenOf(failure(ErrorReason.OVERLOADED, "busy", { cause: new Error(secret) }));
    expect(withCause.cause).toBeUndefined();
    expect(faults).toMatchObject([{ reason: "OVERLOADED", error: { message: secret } }]);
  });

  test("a peer's, with its id, is passed on, and reported where it arose", async () => {
    const first = await seenOf(new Error(secret));
    const second = await seenOf(first);
    expect(errorInfoOf(second)?.metadata["id"]).toBe(errorInfoOf(first)?.metadata["id"]);
    expect(faults).toHaveLength(1);
  });

  test("of another system's details no reason is taken", async () => {
    const value = create(ErrorInfoSchema, { reason: "OTHER", domain: "elsewhere.example", metadata: { id: "x" } });
    const foreign = new ConnectError(secret, Code.NotFound);
    foreign.details = [{ desc: ErrorInfoSchema, value }];
    expect(errorInfoOf(await seenOf(foreign))?.reason).toBe("INTERNAL");
  });

  test("who lacks a credential is told which kind is wanted (RFC 9110 §11.6.1)", async () => {
    const missing = await seenOf(failure(ErrorReason.CREDENTIAL_MISSING, "send a credential"));
    expect(missing.metadata.get("www-authenticate")).toBe('Bearer realm="koder-id"');
    const denied = await seenOf(failure(ErrorReason.PERMISSION_DENIED, "no"));
    expect(denied.metadata.has("www-authenticate")).toBe(false);
  });
});
