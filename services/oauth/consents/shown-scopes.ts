import { hash } from "node:crypto";
import type { ScopeGroup } from "./scope-groups.ts";

/** Stands for what a page says is asked for: a digest, another one for anything else. */
export const shownScopes = (groups: readonly ScopeGroup[]): string =>
  hash(
    "sha256",
    JSON.stringify(groups.map(({ resource, scopes }) => [resource, scopes.map(({ scope }) => scope)])),
    "base64url",
  );
