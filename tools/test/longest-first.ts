import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that take longest by the clock, by far: they start first, so that none is left to run alone at the end. vitest itself
 * knows how long files take only where it has run before, which it has not on a clean clone.
 */
export const longest: readonly string[] = [
  "tests/interop/oauth2-proxy.test.ts",
  "tests/e2e/sign-in.test.ts",
  "tests/faults/crash-between-services.test.ts",
  "tests/e2e/every-page.test.ts",
  "tests/attacks/a14-cross-tenant.test.ts",
  "tests/attacks/a27-openapi.test.ts",
  "tests/faults/key-rotation.test.ts",
  "tests/conformance/dynamic.test.ts",
  "tests/attacks/a07-a23-guessing.test.ts",
  "tests/faults/vault-rotation.test.ts",
  "tests/faults/store-copy-killed.test.ts",
  "tests/attacks/a02-a03-sessions.test.ts",
  "tests/e2e/split-peers.test.ts",
  "tests/clients/go-client.test.ts",
  "tests/conformance/form-post.test.ts",
  "tests/conformance/basic.test.ts",
  "tests/e2e/store-copy.test.ts",
  "tests/e2e/backchannel-logout.test.ts",
  "tests/attacks/a03-a14-watched-events.test.ts",
  "tests/faults/sequencer.test.ts",
  "tests/faults/sqlite-durability.test.ts",
  "tests/e2e/passkeys.test.ts",
  "services/session/refresh/refresh-families.test.ts",
  "tests/interop/grpcurl.test.ts",
  "tests/interop/authlib.test.ts",
  "tests/interop/spring-security.test.ts",
  "tests/attacks/a06-a14-a24-passkeys.test.ts",
  "tests/e2e/sign-up.test.ts",
  "services/store/drivers/postgres/postgres.test.ts",
  "tests/faults/shared-ports.test.ts",
  "tests/clients/web-client.test.ts",
  "tests/attacks/a13-one-time-proofs.test.ts",
  "tools/check-breaking.test.ts",
];

/** The order of vitest, but for the longest files, which go before the others of their project. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- not the sort of an array
    const byVitest = await super.sort(files);
    const projects = [...new Set(byVitest.map(({ project }) => project.name))];
    return byVitest.toSorted(
      (a, b) => projects.indexOf(a.project.name) - projects.indexOf(b.project.name) || this.#rank(a) - this.#rank(b),
    );
  }

  #rank({ moduleId }: TestSpecification): number {
    const at = longest.findIndex((file) => moduleId === `${this.ctx.config.root}/${file}`);
    return at < 0 ? longest.length : at;
  }
}
