import type { JsonObject } from "@bufbuild/protobuf";
import type { ListChange, Plan, SingleChange } from "./plan.ts";
import { lists } from "./sections.ts";

const signs = { create: "+", update: "~", delete: "-" } as const;

/** `~ client shop: redirect_uris, roles +editor -viewer` */
export function changeText(change: ListChange | SingleChange): string {
  if (!("name" in change)) return `${signs[change.action]} ${change.key}: ${change.fields.join(", ")}`;
  const head = `${signs[change.action]} ${lists[change.key].what} ${change.name}`;
  if (change.action !== "update") return head;
  const links = change.links.map(({ link, add, remove }) =>
    [link, ...add.map((name) => `+${name}`), ...remove.map((name) => `-${name}`)].join(" "),
  );
  return `${head}: ${[...change.fields, ...links].join(", ")}`;
}

/** A change for programs. */
export function changeJson(change: ListChange | SingleChange): JsonObject {
  const { action, key: section } = change;
  if (!("name" in change)) return { action, section, fields: [...change.fields] };
  if (change.action !== "update") return { action, section, name: change.name };
  const links = change.links.map(({ link, add, remove }) => ({ link, add: [...add], remove: [...remove] }));
  return { action, section, name: change.name, fields: [...change.fields], links };
}

/** What was left alone, in one sentence. */
export function keptText(kept: Plan["kept"]): string {
  const names = kept.map(({ key, name }) => `${lists[key].what} ${name}`);
  const shown = names.slice(0, 20).join(", ");
  const more = names.length > 20 ? ` and ${names.length - 20} more` : "";
  return `Not in the file, and left alone (--prune deletes them): ${shown}${more}\n`;
}
