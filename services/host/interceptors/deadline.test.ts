import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { createLocalTransport } from "../transport/local-transport.ts";
import { arrivalOf } from "./arrival.ts";
import { deadlineInterceptor } from "./deadline.ts";
import { errorInfoOf } from "./error-mapping.ts";
import { requestIdInterceptor } from "./request-id.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => void vi.useRealTimers());

let deadline: number | undefined;

/** A service whose GetUser never answers and whose ListUsers answers at once. */
function transport(): Transport {
  deadline = undefined;
  const methods = {
    getUser: () => new Promise(() => undefined),
    listUsers: () => ({}),
  };
  return createLocalTransport(
    { name: "identity", implementations: [{ service: UserService, methods }] },
    {
      interceptors: [
        requestIdInterceptor(Date.now),
        deadlineInterceptor(Date.now),
        (next) => (request) => {
          ({ deadline } = arrivalOf(request.contextValues));
          return next(request);
        },
      ],
    },
  );
}

const { getUser, listUsers } = UserService.method;
const left = () => (deadline ?? Number.NaN) - Date.now();

describe("a call's deadline", () => {
  test.each([
    [{}, 15_000],
    [{ "connect-timeout-ms": "250" }, 250],
    [{ "grpc-timeout": "2S" }, 2_000],
    [{ "grpc-timeout": "300m" }, 300],
    [{ "grpc-timeout": "1H" }, 60_000],
    [{ "connect-timeout-ms": "9999999999" }, 60_000],
    [{ "connect-timeout-ms": "soon" }, 15_000],
    [{ "grpc-timeout": "-1S" }, 15_000],
  ])("with %j is in %d ms", async (headers, expected) => {
    await transport().unary(listUsers, undefined, undefined, headers, {});
    expect(left()).toBe(expected);
  });

  test("is the caller's for a local call, as far as it may be", async () => {
    await createClient(UserService, transport()).listUsers({}, { timeoutMs: 40 });
    expect(left()).toBe(40);
    await createClient(UserService, transport()).listUsers({}, { timeoutMs: 3_600_000 });
    expect(left()).toBe(60_000);
  });

  test.each([
    ["from the network", undefined, 15_000],
    ["within this process", 2_000, 2_000],
  ])("ends a call %s whose handler does not answer", async (_where, timeoutMs, milliseconds) => {
    let settled = false;
    const answer = transport()
      .unary(getUser, undefined, timeoutMs, undefined, {})
      .catch((caught: unknown) => caught)
      .finally(() => (settled = true));
    await vi.advanceTimersByTimeAsync(milliseconds - 1);
    expect(settled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(settled).toBe(true);
    const error = ConnectError.from(await answer);
    expect([error.code, errorInfoOf(error)?.reason]).toEqual([Code.DeadlineExceeded, "DEADLINE_EXCEEDED"]);
  });

  test("leaves no timer behind", async () => {
    await transport().unary(listUsers, undefined, undefined, undefined, {});
    await transport().unary(listUsers, undefined, 2_000, undefined, {});
    expect(vi.getTimerCount()).toBe(0);
  });
});
