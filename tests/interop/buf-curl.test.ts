import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram, type ProgramResult } from "../../tools/run-program.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { errorReasons } from "./error-reasons.ts";
import { expectedServices, type ExpectedServices } from "./public-services.ts";

const serviceNames = ["identity", "auth", "oauth", "session", "admin"] as const;

let server: RunningServer;
let expected: ExpectedServices;

beforeAll(async () => {
  [server, expected] = await Promise.all([startServer(), expectedServices()]);
});
afterAll(() => server?.stop());

function bufCurl(...args: string[]): Promise<ProgramResult> {
  return runProgram("buf", ["curl", "--http2-prior-knowledge", ...args]);
}

describe.each(["grpc-v1", "grpc-v1alpha"])("reflection %s", (protocol) => {
  test.each(serviceNames)("%s lists its services", async (name) => {
    const { code, output } = await bufCurl(
      "--reflect-protocol",
      protocol,
      "--list-services",
      `http://${server.grpc[name]}`,
    );
    expect(code, output).toBe(0);
    expect(output.trim().split("\n")).toEqual(expect.arrayContaining(expected.of(name)));
  });

  test("the gateway lists the public services and no others", async () => {
    const { code, output } = await bufCurl("--reflect-protocol", protocol, "--list-services", server.url);
    expect(code, output).toBe(0);
    const listed = output
      .trim()
      .split("\n")
      .filter((service) => service.startsWith("koder."));
    expect(listed.toSorted()).toEqual(expected.public.toSorted());
  });
});

describe.each(["grpc", "grpcweb", "connect"])("protocol %s", (protocol) => {
  const call = (origin: string, ...args: string[]) =>
    bufCurl("--protocol", protocol, ...args, "-d", "{}", `${origin}/koder.identity.v1.UserService/ListUsers`);

  test.each(["the service's port", "the gateway"])("a call is answered at %s", async (place) => {
    const origin = place === "the gateway" ? server.url : `http://${server.grpc.identity}`;
    const { code, output } = await call(origin, "-H", `authorization: Bearer ${server.adminApiKey}`);
    expect(code, output).toBe(0);
    expect((JSON.parse(output) as { users: unknown[] }).users.length).toBeGreaterThan(0);
  });

  test("a call without a credential is refused with its reason", async () => {
    const { code, output } = await call(server.url);
    expect(code).not.toBe(0);
    expect(output).toContain("unauthenticated");
    expect(errorReasons(output)).toContain("CREDENTIAL_MISSING");
  });
});
