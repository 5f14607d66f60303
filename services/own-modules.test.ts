import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

interface Found {
  /** Where each module is, for who imports it. */
  readonly imported: readonly string[];
  /** Where a package is for who requires it, after it was imported. */
  readonly required: string;
  /** How many of the imports were left to Node. */
  readonly leftToNode: number;
}

const own = ["./services/start.ts", "#gen/koder/identity/v1/user_pb.ts", "#gen/koder/identity/v1/errors_pb.ts"];
const others = ["./package.json", "@bufbuild/protobuf", "jose/jwk/thumbprint", "node:fs"];
const specifiers = [...own, ...others, ...own, ...others];
const shortcut = `
  const { isSomethingLoadedBefore, resolveOwnModules } = await import("./services/own-modules.ts");
  if (!isSomethingLoadedBefore()) resolveOwnModules();`;

/** What a program in the project's folder finds, with `before` run first. */
function foundBy(before: string, options: readonly string[] = []): Found {
  const program = `
    import { createRequire, registerHooks } from "node:module";
    let asked = 0;
    registerHooks({ resolve: (specifier, context, next) => (asked++, next(specifier, context)) });
    ${before}
    asked = 0;
    const imported = ${JSON.stringify(specifiers)}.map((specifier) => import.meta.resolve(specifier));
    const leftToNode = asked;
    const required = createRequire(import.meta.url).resolve("@bufbuild/protobuf");
    console.log(JSON.stringify({ imported, required, leftToNode }));`;
  const args = [...options, "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
  const output = execFileSync(process.execPath, args, { cwd: join(import.meta.dirname, ".."), encoding: "utf8" });
  return JSON.parse(output) as Found;
}

describe("the project's own modules", () => {
  const byNode = foundBy("");
  test("are where Node finds them, and packages too, also for who requires one", () => {
    const found = foundBy(shortcut);
    expect(found).toMatchObject({ imported: byNode.imported, required: byNode.required });
    expect(byNode.imported).not.toContain(`file://${byNode.required}`);
    // Where the generated ones are and each package once; what is no module of TypeScript each time.
    expect(found.leftToNode).toBe(1 + 3 + 2);
    expect(byNode.leftToNode).toBe(specifiers.length);
  });

  test.each([
    ["--import", "data:text/javascript,0"],
    ["--require", "node:fs"],
  ])("are left to Node where %s loads something before", (...options) => {
    expect(foundBy(shortcut, options)).toEqual(byNode);
  });
});

test.each([
  [[], "", false],
  [["--enable-source-maps"], "", true],
  [[], "--enable-source-maps", true],
  [[], "--no-enable-source-maps", false],
] as const)("with %j and %j for Node, lines of the source are wanted: %s", (options, variable, isWanted) => {
  const program = `console.log((await import("./services/own-modules.ts")).isSourceWanted())`;
  const args = [...options, "--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", program];
  const env = { ...process.env, NODE_OPTIONS: variable };
  const output = execFileSync(process.execPath, args, { cwd: join(import.meta.dirname, ".."), encoding: "utf8", env });
  expect(output.trim()).toBe(String(isWanted));
});
