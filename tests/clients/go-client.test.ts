import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mustRun, repositoryRoot, runProgram } from "../../tools/run-program.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { expectFirstSteps, listedUsers } from "./expect-first-steps.ts";
import { loseFirstAnswer } from "./lose-first-answer.ts";

// The Go client as its users meet it: the example of its README, run against the server.

const clientModule = join(repositoryRoot, "clients/go");

let server: RunningServer;
let built: string;
let example: string;
let goIsMissing = false;

beforeAll(async () => {
  goIsMissing = (await runProgram("go", ["version"])).code !== 0;
  if (goIsMissing) return;
  built = mkdtempSync(join(tmpdir(), "koder-id-go-example-"));
  example = join(built, "first-steps");
  await mustRun("go", ["build", "-o", example, "./examples/first-steps"], { cwd: clientModule });
  server = await startServer();
}, 300_000);
afterAll(async () => {
  await server?.stop();
  if (built !== undefined) rmSync(built, { recursive: true, force: true });
});
beforeEach((context) => context.skip(goIsMissing, "Go is not installed (https://go.dev/doc/install)"));

describe("the first steps with the Go client", () => {
  test("come to their end", async () => {
    const { code, output } = await firstSteps(server.url, server.adminApiKey);
    expect(code, output).toBe(0);
    expectFirstSteps(output, [server.adminApiKey]);
  });

  test("list every page", async () => {
    const counts: number[] = [];
    for (let run = 0; run < 3; run++) {
      const { output } = await firstSteps(server.url, server.adminApiKey);
      counts.push(listedUsers(output));
    }
    const [first = 0, ...more] = counts;
    expect(more).toEqual([first + 1, first + 2]);
    // The owner and one user of each run: more than the example's page of two.
    expect(first + 2).toBeGreaterThan(2);
  });

  test("create one user, though the answer was lost on its way", async () => {
    const proxy = await loseFirstAnswer(server.url, "/koder.identity.v1.UserService/CreateUser");
    try {
      // A second creation would be refused: the username is taken by the first.
      const { code, output } = await firstSteps(proxy.url, server.adminApiKey);
      expect(code, output).toBe(0);
      expect(output).toMatch(/^created user ada-/m);
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

function firstSteps(url: string, apiKey: string) {
  return runProgram(example, [], { env: { KODER_ID_URL: url, KODER_ID_API_KEY: apiKey } });
}
