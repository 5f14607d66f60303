import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { stringify } from "yaml";
import { listKeys, lists, singleKeys, text } from "./sections.ts";
import { fileVersion } from "./tenant-file.ts";
import type { TenantState } from "./tenant-state.ts";

/**
 * A tenant as a file: what there is that a file can make, by name, so that two exports of the same tenant are the same text.
 * Secrets are not in it, and neither are people, built-in roles and clients that registered themselves.
 */
export function fileOfState(state: TenantState): JsonObject {
  const file: Record<string, JsonValue> = { version: fileVersion };
  for (const key of singleKeys) {
    const single = state.singles[key];
    if (single !== undefined && Object.keys(single).length > 0) file[key] = single;
  }
  for (const key of listKeys) {
    const listed = state.lists[key].filter(({ fixed }) => !fixed);
    if (listed.length === 0) continue;
    file[key] = listed
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ json, links }): JsonObject => {
        const linked = Object.entries(links).filter(([, names]) => names.size > 0);
        const shown = linked.map(([link, names]): [string, JsonValue] => [link, written(key, link, names, state)]);
        return { ...json, ...Object.fromEntries(shown) };
      });
  }
  return file;
}

/** Links under the names that people gave, sorted. */
function written(
  key: keyof typeof lists,
  link: string,
  names: ReadonlyMap<string, string>,
  state: TenantState,
): string[] {
  const given = new Map(state.lists.groups.map(({ name, json }) => [name, text(json, "name")]));
  const isGroup = lists[key].links[link] === "groups";
  return [...names.keys()].map((name) => (isGroup ? (given.get(name) ?? name) : name)).toSorted();
}

/** As YAML that people read and change: no aliases, no folded lines. */
export const yamlOf = (file: JsonObject): string => stringify(file, { lineWidth: 0, aliasDuplicateObjects: false });
