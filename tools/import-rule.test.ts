import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { repositoryRoot, runProgram } from "./run-program.ts";

// The rule which says what a service or a client may import is configuration of the linter; this shows that it bites.

const refused = [
  ["services/oauth/service.ts", "../session/service.ts"],
  ["services/oauth/clients/create-client.ts", "../../identity/users/user.ts"],
  ["services/session/codes/redeem-code.ts", "../../../services/oauth/service.ts"],
  ["services/gateway/oidc/token.ts", "../../oauth/service.ts"],
  ["services/identity/service.ts", "../gateway/context.ts"],
  ["services/auth/service.ts", "../main.ts"],
  ["services/host/peers.ts", "../oauth/service.ts"],
  ["services/vault/vault.ts", "../host/call.ts"],
  ["services/store/store.ts", "../vault/vault.ts"],
  ["clients/core/errors.ts", "../../services/host/failure.ts"],
  ["clients/core/errors.ts", "../../gen/ts/koder/oauth/v1/token_internal_pb.ts"],
  ["clients/core/errors.ts", "#gen/google/rpc/error_details_pb.ts"],
  ["clients/core/deadline.ts", "node:timers"],
  ["clients/core/services.ts", "../typescript/transport.ts"],
  ["clients/web/transport.ts", "@connectrpc/connect-node"],
  ["clients/web/transport.ts", "../typescript/token-error.ts"],
  ["clients/typescript/transport.ts", "../web/transport.ts"],
  ["clients/typescript/examples/first-steps.ts", "../../../tools/run-program.ts"],
] as const;

const allowed = [
  ["services/oauth/clients/create-client.ts", "../../host/call.ts"],
  ["services/oauth/clients/create-client.ts", "../collections.ts"],
  ["services/oauth/service.ts", "./session/codes.ts"],
  ["services/oauth/service.ts", "#gen/koder/session/v1/grant_internal_pb.ts"],
  ["services/vault/vault.ts", "../store/store.ts"],
  ["services/main.ts", "./session/service.ts"],
  ["clients/core/errors.ts", "../../gen/ts-public/google/rpc/error_details_pb.ts"],
  ["clients/web/transport.ts", "../core/guard-transport.ts"],
  ["clients/typescript/client-credentials.ts", "node:buffer"],
  ["clients/cli/commands/serve.ts", "../../../services/koder-id.ts"],
] as const;

/** `path:line` of every import that the linter refuses. */
let complaints: ReadonlySet<string>;
const all = [...refused, ...allowed];
/** A file has all imports that are tried in it, each in a line of its own. */
const importsOf = (path: string): readonly string[] => all.flatMap(([file, name]) => (file === path ? [name] : []));
const isRefused = (path: string, imported: string): boolean =>
  complaints.has(`${path}:${importsOf(path).indexOf(imported) + 1}`);

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-import-rule-"));
  try {
    for (const name of [".oxlintrc.json", "tsconfig.json"]) cpSync(join(repositoryRoot, name), join(folder, name));
    symlinkSync(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));
    const paths = [...new Set(all.map(([path]) => path))];
    for (const path of paths) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      const lines = importsOf(path).map((name, index) => `import type { x as x${index} } from "${name}";`);
      writeFileSync(join(folder, path), `${lines.join("\n")}\n`);
    }
    const { output } = await runProgram("oxlint", ["-f", "unix", ...paths], { cwd: folder });
    const found = output.matchAll(/^(.+?):(\d+):\d+:.*no-restricted-imports/gm);
    complaints = new Set(Array.from(found, ([, path = "", line = ""]) => `${path}:${line}`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(refused)("%s must not import %s", (path, imported) => {
  expect(isRefused(path, imported)).toBe(true);
});

test.each(allowed)("%s may import %s", (path, imported) => {
  expect(isRefused(path, imported)).toBe(false);
});
