import { existsSync, globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createKoderId, errorId, reason, staticToken } from "../../clients/typescript/index.ts";
import { repositoryRoot, runProgram } from "../../tools/run-program.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { expectFirstSteps, listedUsers } from "./expect-first-steps.ts";
import { loseFirstAnswer } from "./lose-first-answer.ts";
import { projectWith, typeFaults, type Project } from "./unpack-client.ts";

// The TypeScript client as its users meet it: the example of its README, run against the server, from the sources and from the
// package as it is published.

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const source = join(repositoryRoot, "clients/typescript/examples/first-steps.ts");

function firstSteps(url: string, apiKey: string, example = source) {
  return runProgram(process.execPath, [example], { env: { KODER_ID_URL: url, KODER_ID_API_KEY: apiKey } });
}

test.each([
  ["Connect", false],
  ["gRPC", true],
])("another host of the server is refused with the one that is right, over %s", async (_name, grpc) => {
  const origin = server.url.replace("localhost", "127.0.0.1");
  const { users, events } = createKoderId(origin, { grpc, tokenSource: staticToken(server.adminApiKey) });
  for (const call of [() => users.listUsers({}), () => Array.fromAsync(events.watchEvents({}))]) {
    const error: unknown = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: Code.NotFound, rawMessage: `this tenant answers at ${server.url}` });
    expect([reason(error), errorId(error)]).toEqual(["HOST_UNKNOWN", expect.stringMatching(/^KID-/)]);
  }
});

describe("the first steps with the TypeScript client", () => {
  test("come to their end", async () => {
    const { code, output } = await firstSteps(server.url, server.adminApiKey);
    expect(code, output).toBe(0);
    expectFirstSteps(output, [server.adminApiKey]);
  });

  test("list every page", async () => {
    const counts: number[] = [];
    for (let run = 0; run < 3; run++) {
      counts.push(listedUsers((await firstSteps(server.url, server.adminApiKey)).output));
    }
    const [first = 0, ...more] = counts;
    expect(more).toEqual([first + 1, first + 2]);
    // The owner and one user of each run: more than the example's page of two.
    expect(first + 2).toBeGreaterThan(2);
  });

  test.each([
    ["a creation", "/koder.identity.v1.UserService/CreateUser"],
    ["a page", "/koder.identity.v1.UserService/ListUsers"],
    ["a token", "/oauth/v2/token"],
  ])("come to their end, though the answer with %s was lost on its way", async (_name, path) => {
    const proxy = await loseFirstAnswer(server.url, path);
    try {
      // A second creation would be refused: the username is taken by the first.
      const { code, output } = await firstSteps(proxy.url, server.adminApiKey);
      expect(code, output).toBe(0);
      expectFirstSteps(output, [server.adminApiKey]);
      expect(proxy.lost()).toBe(1);
    } finally {
      proxy.close();
    }
  });

  test("end with the ids of an error that they did not expect", async () => {
    const { code, output } = await firstSteps(server.url, "kak_unknown");
    expect(code).toBe(1);
    expect(output).toMatch(/error id KID-GEN-003-\w{6}, request id [0-7][0-9A-HJKMNP-TV-Z]{25}/);
    expect(output).not.toContain("kak_unknown");
  });

  test("do not start without a key", async () => {
    const { code, output } = await firstSteps(server.url, "");
    expect(code).toBe(1);
    expect(output).toContain("set KODER_ID_API_KEY");
  });
});

describe("over gRPC", () => {
  test("the server answers the same", async () => {
    const { users } = createKoderId(server.url, { grpc: true, tokenSource: staticToken(server.adminApiKey) });
    const { users: found } = await users.listUsers({ username: "admin" });
    expect(found.map(({ username }) => username)).toEqual(["admin"]);
    const failure: unknown = await users.getUser({ userId: "01ARZ3NDEKTSV4RRFFQ69G5FAV" }).catch((e) => e);
    expect([reason(failure), (failure as { code: Code }).code]).toEqual(["USER_NOT_FOUND", Code.NotFound]);
  });

  test("an open connection does not keep a program from its end", async () => {
    const program = `import { createKoderId } from "@koder-id/client";
      const { system } = createKoderId(${JSON.stringify(server.url)}, { grpc: true });
      await system.getSystemHealth({}).catch((error) => console.log(error.name));
      console.log("asked");`;
    const { code, output } = await runProgram(process.execPath, ["--input-type=module", "-e", program], {
      cwd: join(repositoryRoot, "clients/typescript"),
    });
    expect([code, output.endsWith("asked\n")], output).toEqual([0, true]);
  });
});

describe("the package as it is published", () => {
  let project: Project;
  beforeAll(async () => {
    project = await projectWith("typescript", ["@types/node", "undici-types"]);
  }, 300_000);
  afterAll(() => project?.remove());

  test("has JavaScript, declarations, README and licence, and nothing between services", () => {
    const { manifest } = project;
    expect(manifest).toMatchObject({ name: "@koder-id/client", license: "Apache-2.0", type: "module" });
    expect(manifest.private).toBeUndefined();
    const files = globSync("**/*.*", { cwd: project.package });
    expect(files.filter((file) => !/\.(js|d\.ts)$/.test(file)).toSorted()).toEqual(["README.md", "package.json"]);
    expect(existsSync(join(project.package, "LICENSE"))).toBe(true);
    expect(files.filter((file) => /internal|store|v1\/access|test|fake/.test(file))).toEqual([]);
    for (const { types, default: script } of Object.values(manifest.exports)) {
      for (const target of [types, script]) {
        expect([target, globSync(target.replace("*", "**/*"), { cwd: project.package }).length > 0]).toEqual([
          target,
          true,
        ]);
      }
    }
  });

  test("brings its types, and a misspelt reason does not compile", async () => {
    // Connect's declarations name this type of the DOM (see globals.d.ts).
    writeFileSync(
      join(project.folder, "globals.d.ts"),
      "type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;\n",
    );
    writeFileSync(
      join(project.folder, "messages.ts"),
      `import { reason } from "@koder-id/client";
       import { type User, UserSchema, UserStatus } from "@koder-id/client/koder/identity/v1/user";
       export const isActive = ({ status }: User): boolean => status === UserStatus.ACTIVE;
       export const typeName: "koder.identity.v1.User" = UserSchema.typeName as "koder.identity.v1.User";
       export const isTaken = (error: unknown): boolean => reason(error) === "USERNAME_TAKEN";
       // @ts-expect-error There is no such reason.
       export const isMisspelt = (error: unknown): boolean => reason(error) === "USER_NAME_TAKEN";\n`,
    );
    expect(await typeFaults(project, { lib: ["es2024"], types: ["node"] })).toBe("");
  });

  test("runs the first steps", async () => {
    const example = join(project.folder, "examples/first-steps.ts");
    const { code, output } = await firstSteps(server.url, server.adminApiKey, example);
    expect(code, output).toBe(0);
    expectFirstSteps(output, [server.adminApiKey]);
  });
});
