import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runProgram, type ProgramResult } from "../../tools/run-program.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { errorReasons } from "./error-reasons.ts";
import { expectedServices, type ExpectedServices } from "./public-services.ts";

// grpcurl knows nothing of the protos: what it can do, any gRPC client can by server reflection.

const serviceNames = ["identity", "auth", "oauth", "session", "admin"] as const;

let server: RunningServer;
let expected: ExpectedServices;
let goIsMissing = false;
/** Where Go keeps it: asked once, because Go looks through all of its sources whenever it is asked. */
let program = "";

function grpcurl(...args: string[]): Promise<ProgramResult> {
  return runProgram(program, ["-plaintext", "-max-time", "20", ...args]);
}

async function goTool(...args: string[]): Promise<string> {
  const { code, output } = await runProgram("go", ["-C", "tools/go", "tool", ...args]);
  if (code !== 0) throw new Error(`go tool ${args.join(" ")} ended with ${code}: ${output}`);
  return output.trim();
}

function gateway(): string {
  return new URL(server.url).host;
}

beforeAll(async () => {
  goIsMissing = (await runProgram("go", ["version"])).code !== 0;
  if (goIsMissing) return;
  // The first call compiles it; this may take a minute on a machine that never did.
  await goTool("grpcurl", "-version");
  program = (await goTool("-n", "grpcurl")).split("\n").at(-1) ?? "";
  [server, expected] = await Promise.all([startServer(), expectedServices()]);
}, 300_000);
afterAll(() => server?.stop());
beforeEach((context) => context.skip(goIsMissing, "Go is not installed (https://go.dev/doc/install)"));

describe.each(serviceNames)("%s", (name) => {
  test("lists its services", async () => {
    const { code, output } = await grpcurl(server.grpc[name], "list");
    expect(code, output).toBe(0);
    const listed = output.trim().split("\n");
    expect(listed).toEqual(expect.arrayContaining([...expected.of(name), "grpc.health.v1.Health"]));
    expect(listed.filter((service) => service.startsWith("koder."))).toHaveLength(expected.of(name).length);
  });

  test("describes each of them, options included", async () => {
    for (const service of expected.of(name)) {
      const { code, output } = await grpcurl(server.grpc[name], "describe", service);
      expect(code, output).toBe(0);
      expect(output).toContain("koder.options.v1.access");
    }
  });

  test("says that it serves", async () => {
    const { output } = await grpcurl(server.grpc[name], "grpc.health.v1.Health/Check");
    expect(JSON.parse(output)).toEqual({ status: "SERVING" });
  });

  test("gives nothing to a caller without a credential", async () => {
    for (const service of expected.of(name)) {
      const { output: methods } = await grpcurl(server.grpc[name], "list", service);
      for (const method of methods.trim().split("\n")) {
        const { code, output } = await grpcurl(server.grpc[name], method.replace(/\.(\w+)$/, "/$1"));
        expect(code, `${method}: ${output}`).not.toBe(0);
        const refusal = expected.open.has(method)
          ? /Code: (InvalidArgument|NotFound)/
          : /Code: (Unauthenticated|PermissionDenied)/;
        expect(output, method).toMatch(refusal);
      }
    }
  });
});

describe("a call with a credential", () => {
  const bearer = () => ["-H", `authorization: Bearer ${server.adminApiKey}`];

  test.each(["the service's port", "the gateway"])("is answered at %s", async (place) => {
    const address = place === "the gateway" ? gateway() : server.grpc.identity;
    const created = await grpcurl(
      ...bearer(),
      "-d",
      JSON.stringify({ user: { username: place === "the gateway" ? "grace" : "ada", name: "Example" } }),
      address,
      "koder.identity.v1.UserService/CreateUser",
    );
    expect(created.code, created.output).toBe(0);
    const { user } = JSON.parse(created.output) as { user: { id: string } };
    const read = await grpcurl(
      ...bearer(),
      "-d",
      JSON.stringify({ user_id: user.id }),
      address,
      "koder.identity.v1.UserService/GetUser",
    );
    expect(JSON.parse(read.output)).toMatchObject({ user: { id: user.id, name: "Example" } });
  });

  test("a failure carries its reason", async () => {
    const missing = JSON.stringify({ user_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV" });
    const args = [...bearer(), "-d", missing, gateway(), "koder.identity.v1.UserService/GetUser"];
    const { code, output } = await grpcurl(...args);
    expect(code).not.toBe(0);
    expect(output).toContain("Code: NotFound");
    expect(errorReasons(output)).toContain("USER_NOT_FOUND");
  });
});

describe("the gateway", () => {
  test("lists the public services and no others", async () => {
    const { code, output } = await grpcurl(gateway(), "list");
    expect(code, output).toBe(0);
    const listed = output.trim().split("\n");
    expect(listed.filter((service) => service.startsWith("koder.")).toSorted()).toEqual(expected.public.toSorted());
  });

  test("does not know internal services, whatever the credential", async () => {
    for (const service of expected.internal) {
      const { code } = await grpcurl(gateway(), "describe", service);
      expect(code, service).not.toBe(0);
    }
  });
});
