import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot, runProgram } from "./run-program.ts";

// The rule which says what a service or a client may import is configuration of the linter; this shows that it bites.

/** Whether the linter refuses a file of this path that imports this. */
async function isRefused(path: string, imported: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-import-rule-"));
  try {
    for (const name of [".oxlintrc.json", "tsconfig.json"]) cpSync(join(repositoryRoot, name), join(folder, name));
    symlinkSync(join(repositoryRoot, "node_modules"), join(folder, "node_modules"));
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `import type { x } from "${imported}";\nexport type Y = x;\n`);
    const { output } = await runProgram("oxlint", ["-f", "unix", path], { cwd: folder });
    return output.includes("no-restricted-imports");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each([
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
])("%s must not import %s", async (path, imported) => {
  expect(await isRefused(path, imported)).toBe(true);
});

test.each([
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
])("%s may import %s", async (path, imported) => {
  expect(await isRefused(path, imported)).toBe(false);
});
