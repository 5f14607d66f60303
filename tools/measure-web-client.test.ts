import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { measuredExamples, measureWebClient, type WebClientSize } from "./measure-web-client.ts";
import { repositoryRoot } from "./run-program.ts";

/** What an application may cost its users, gzipped, in bytes: a little above what it does. */
const budget = { "one-service": 40_500, "first-steps": 64_000 } as const;

let sizes: Record<(typeof measuredExamples)[number], WebClientSize>;
beforeAll(async () => {
  const [one, all] = await Promise.all(measuredExamples.map(measureWebClient));
  if (one === undefined || all === undefined) throw new Error("nothing was measured");
  sizes = { "one-service": one, "first-steps": all };
});

describe.each(measuredExamples)("%s", (example) => {
  test("is within its budget", () => {
    expect(sizes[example].gzipped).toBeLessThanOrEqual(budget[example]);
    // Whatever makes it much smaller should lower the budget.
    expect(sizes[example].gzipped).toBeGreaterThan(budget[example] * 0.9);
  });

  test("is as large as the README says", () => {
    const readme = readFileSync(join(repositoryRoot, "clients/web/README.md"), "utf8");
    const row = new RegExp(`^\\| \`examples/${example}\\.ts\`.*\\| ([\\d.]+) kB \\| ([\\d.]+) kB \\|$`, "m").exec(
      readme,
    );
    const [minified = 0, gzipped = 0] = (row ?? []).slice(1).map((kilobytes) => Number(kilobytes) * 1_000);
    // Compressors differ a little from one version to the next.
    expect(Math.abs(minified / sizes[example].minified - 1)).toBeLessThan(0.02);
    expect(Math.abs(gzipped / sizes[example].gzipped - 1)).toBeLessThan(0.02);
  });

  test("has nothing of services, of Node, or of messages that are not public", () => {
    const { sources } = sizes[example];
    expect(sources.filter((path) => !/^(clients\/(core|web)|gen\/ts-public)\//.test(path))).toEqual([]);
    expect(sources.length).toBeGreaterThan(10);
  });
});

test("an application of one service loads one", () => {
  const services = ({ sources }: WebClientSize) => sources.filter((path) => path.endsWith("_service_pb.ts"));
  expect(services(sizes["one-service"])).toEqual(["gen/ts-public/koder/identity/v1/user_service_pb.ts"]);
  expect(services(sizes["first-steps"]).length).toBeGreaterThan(3);
  expect(sizes["one-service"].minified).toBeLessThan(sizes["first-steps"].minified);
});
