import { isDeepStrictEqual } from "node:util";
import { fromJson, toJson, type DescMessage, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { inAnsweredForm } from "./answered-forms.ts";
import { linkedFirst } from "./linked-first.ts";
import { mergeJson } from "./merge-json.ts";
import type { Problem } from "./problem.ts";
import { shownProblems } from "./shown-problems.ts";
import {
  clientsOfServer,
  listKeys,
  lists,
  singleKeys,
  singles,
  text,
  attributesOf,
  type ListKey,
  type Section,
  type SingleKey,
} from "./sections.ts";
import type { Declared, TenantFile } from "./tenant-file.ts";
import type { Existing, TenantState } from "./tenant-state.ts";

/** Links that come and go. */
export interface LinkChange {
  readonly link: string;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** A resource that is to be made. */
export interface ListCreation {
  readonly action: "create";
  readonly key: ListKey;
  readonly name: string;
  readonly declared: Declared;
}

/** A resource that is to change. */
export interface ListUpdate {
  readonly action: "update";
  readonly key: ListKey;
  readonly name: string;
  readonly existing: Existing;
  /** The whole resource as it is to be. */
  readonly json: JsonObject;
  /** The fields that change; none where only links do. */
  readonly fields: readonly string[];
  readonly links: readonly LinkChange[];
}

/** What is to be done to one resource. */
export type ListChange =
  | ListCreation
  | ListUpdate
  | { readonly action: "delete"; readonly key: ListKey; readonly name: string; readonly existing: Existing };

/** What is to be done to what there is once. */
export interface SingleChange {
  readonly action: "update";
  readonly key: SingleKey;
  readonly json: JsonObject;
  readonly fields: readonly string[];
}

/** What makes a tenant as a file says it is. */
export interface Plan {
  readonly lists: readonly ListChange[];
  readonly singles: readonly SingleChange[];
  /** What there is and the file, in a section that it has, does not mention. */
  readonly kept: readonly { readonly key: ListKey; readonly name: string }[];
}

/**
 * Compares a file with a tenant. What the file does not mention stays, but for resources in a section that it has when `prune`
 * is set: those go. Throws an Error for each link to what is neither in the file nor in the tenant, also of a policy to a group or a
 * client, of a resource server to a client and of a claim mapper to an attribute, for a default audience that goes, for terms that
 * nobody can read, for what cannot be shown, and for circles.
 */
export function planChanges(file: TenantFile, state: TenantState, { prune }: { readonly prune: boolean }): Plan {
  const problems: Problem[] = [];
  const changes: ListChange[] = [];
  const kept: { key: ListKey; name: string }[] = [];
  const gone = (key: ListKey): readonly Existing[] => {
    const names = new Set(file.lists[key]?.map(({ name }) => name));
    return file.lists[key] === undefined ? [] : state.lists[key].filter((one) => !one.fixed && !names.has(one.name));
  };
  for (const key of listKeys) {
    const existing = new Map(state.lists[key].map((one) => [one.name, one]));
    for (const declared of inOrder(key, file.lists[key] ?? [], state.lists[key], problems)) {
      checkLinks(key, declared, file, state, prune ? gone : () => [], problems);
      const before = existing.get(declared.name);
      if (before?.fixed === true) {
        problems.push({ path: declared.path, description: "is not for a file to change" });
        continue;
      }
      const change =
        before === undefined
          ? { action: "create" as const, key, name: declared.name, declared }
          : updateOf(key, before, declared);
      if (change === undefined) continue;
      changes.push(change);
      problems.push(...shownProblems(change, declared.path));
    }
  }
  checkGroupsOfPolicy(file, state, prune ? gone("groups") : [], problems);
  checkDefaultAudience(file, state, prune ? gone("resource_servers") : [], problems);
  checkClients(file, state, prune ? gone("clients") : [], problems);
  checkMappers(file, state, problems);
  checkTerms(file, state, problems);
  for (const key of listKeys.toReversed()) {
    const unsaid = linkingFirst(key, gone(key)).map((existing) => ({ key, name: existing.name, existing }));
    if (prune) changes.push(...unsaid.map((one) => ({ action: "delete" as const, ...one })));
    else kept.push(...unsaid.map(({ name }) => ({ key, name })));
  }
  const singleChanges = inOrderOfNeed(file).flatMap((key): readonly SingleChange[] => {
    const [json, before] = [file.singles[key], state.singles[key] ?? {}];
    if (json === undefined) return [];
    const merged = mergeJson(singles[key].schema, before, json);
    const fields = differences(singles[key], before, merged);
    // A secret cannot be compared: it is sent while there is none, and with whatever else of its section changes.
    const [name, secret] = [singles[key].secret, file.secrets[key]];
    const isSent = name !== undefined && secret !== undefined && (fields.length > 0 || !state.secrets.has(key));
    const all = isSent ? { json: { ...merged, [name]: secret }, fields: [...fields, name] } : { json: merged, fields };
    return all.fields.length === 0 ? [] : [{ action: "update" as const, key, ...all }];
  });
  problems.push(...singleChanges.flatMap((change) => shownProblems(change, [change.key])));
  if (problems.length > 0) throw new Error(`the file is not right\n${problems.map(file.locate).join("\n")}`);
  return { lists: changes, singles: singleChanges, kept };
}

function updateOf(key: ListKey, existing: Existing, declared: Declared): ListUpdate | undefined {
  const json = mergeJson(lists[key].schema, existing.json, declared.json);
  const fields = differences(lists[key], existing.json, json);
  const links = Object.entries(declared.links).flatMap(([link, names]): LinkChange[] => {
    const has = existing.links[link] ?? new Map<string, string>();
    const wanted = new Set(names.map((name) => linkName(lists[key].links[link], name)));
    const add = [...wanted].filter((name) => !has.has(name));
    const remove = [...has.keys()].filter((name) => !wanted.has(name));
    return add.length + remove.length === 0 ? [] : [{ link, add, remove }];
  });
  if (fields.length + links.length === 0) return undefined;
  return { action: "update", key, name: existing.name, existing, json, fields, links };
}

/** The name by which a link is found: groups are compared without regard to case. */
export const linkName = (key: ListKey | undefined, name: string): string =>
  key === "groups" ? name.toLowerCase() : name;

/**
 * The top-level fields in which two JSON forms of a message differ once both are written alike, as the server answers them: with
 * what is usual in what they leave out, or say to be empty where that is the same.
 */
function differences(
  { schema, answered = {}, usual = () => ({}) }: Pick<Section, "schema" | "answered" | "usual">,
  before: JsonObject,
  after: JsonObject,
): readonly string[] {
  const [was, is] = [before, after].map((json) => {
    const said = toJson(schema, fromJson(schema, json), { useProtoFieldName: true }) as JsonObject;
    return inAnsweredForm(written(schema, mergeJson(schema, usual(said), said)), answered);
  });
  return schema.fields.map(({ name }) => name).filter((name) => !isDeepStrictEqual(was?.[name], is?.[name]));
}

const written = (schema: DescMessage, json: JsonObject): JsonObject =>
  toJson(schema, fromJson(schema, json), { useProtoFieldName: true, alwaysEmitImplicit: true }) as JsonObject;

function checkLinks(
  key: ListKey,
  { links, path }: Declared,
  file: TenantFile,
  state: TenantState,
  gone: (key: ListKey) => readonly Existing[],
  problems: Problem[],
): void {
  for (const [link, names] of Object.entries(links)) {
    const of = lists[key].links[link];
    if (of === undefined) continue;
    const going = new Set(gone(of).map(({ name }) => name));
    const there = new Set([...(file.lists[of] ?? []), ...state.lists[of]].map(({ name }) => name));
    for (const [at, name] of names.entries()) {
      const found = linkName(of, name);
      if (there.has(found) && !going.has(found)) continue;
      problems.push({ path: [...path, link, at], description: `there is no ${lists[of].what} ${name}` });
    }
  }
}

/** The groups that a policy says something of, by their names: of the file, or of the tenant and not going. */
function checkGroupsOfPolicy(
  file: TenantFile,
  state: TenantState,
  going: readonly Existing[],
  problems: Problem[],
): void {
  const overrides = file.singles.authentication_policy?.["group_overrides"];
  if (!Array.isArray(overrides)) return;
  const there = new Set([...(file.lists.groups ?? []), ...state.lists.groups].map(({ name }) => name));
  for (const { name } of going) there.delete(name);
  for (const [at, override] of (overrides as readonly JsonObject[]).entries()) {
    const name = text(override, "group_name");
    if (name === "" || there.has(linkName("groups", name))) continue;
    const path = ["authentication_policy", "group_overrides", at, "group_name"];
    problems.push({ path, description: `there is no group ${name}` });
  }
}

/** The clients that resource servers and the policy for sign-ins name: of the file, or of the tenant and not going. */
function checkClients(file: TenantFile, state: TenantState, going: readonly Existing[], problems: Problem[]): void {
  const there = new Set([...(file.lists.clients ?? []), ...state.lists.clients].map(({ name }) => name));
  for (const { name } of going) there.delete(name);
  const check = (id: JsonValue | undefined, path: Problem["path"]): void => {
    if (typeof id !== "string" || there.has(id)) return;
    problems.push({ path, description: `there is no client ${id}` });
  };
  for (const { json, path } of file.lists.resource_servers ?? []) {
    for (const member of clientsOfServer) {
      for (const [at, id] of listOf(json[member]).entries()) check(id, [...path, member, at]);
    }
  }
  for (const [at, override] of listOf(file.singles.authentication_policy?.["client_overrides"]).entries()) {
    check((override as JsonObject)["client_id"], ["authentication_policy", "client_overrides", at, "client_id"]);
  }
}

/** The attributes that claim mappers read: of the schema of the file, or of the tenant where the file has none. */
function checkMappers(file: TenantFile, state: TenantState, problems: Problem[]): void {
  const said = file.singles.attribute_schema;
  const { schema } =
    (said !== undefined && Object.hasOwn(said, "schema") ? said : state.singles.attribute_schema) ?? {};
  const there = attributesOf(schema);
  for (const { json, path } of [...(file.lists.clients ?? []), ...(file.lists.resource_servers ?? [])]) {
    for (const [at, mapper] of listOf(json["claim_mappers"]).entries()) {
      const name = text(mapper as JsonObject, "custom_attribute");
      if (name === "" || there.has(name)) continue;
      const description = `there is no attribute ${name} in the schema`;
      problems.push({ path: [...path, "claim_mappers", at, "custom_attribute"], description });
    }
  }
}

const listOf = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);

/** The resource server that tokens are for where none is named: it is there, and does not go while it is that. */
function checkDefaultAudience(
  file: TenantFile,
  state: TenantState,
  going: readonly Existing[],
  problems: Problem[],
): void {
  const said = file.singles.oauth_policy ?? {};
  const isSaid = Object.hasOwn(said, "default_audience");
  const audience = text(isSaid ? said : (state.singles.oauth_policy ?? {}), "default_audience");
  const there = [...(file.lists.resource_servers ?? []), ...state.lists.resource_servers];
  if (isSaid && audience !== "" && !there.some(({ name }) => name === audience)) {
    problems.push({
      path: ["oauth_policy", "default_audience"],
      description: `there is no resource server ${audience}`,
    });
  }
  if (!going.some(({ name }) => name === audience)) return;
  const path = isSaid ? ["oauth_policy", "default_audience"] : ["resource_servers"];
  const description = `the resource server ${audience} would be deleted, and is the default_audience of oauth_policy: list it, or say another one or null there`;
  problems.push({ path, description });
}

/** The terms that the policy has everybody accept are where the branding says, as far as the branding is known. */
function checkTerms(file: TenantFile, state: TenantState, problems: Problem[]): void {
  const before = { uri: state.singles.branding, version: state.singles.authentication_policy };
  if (before.uri === undefined) return;
  const said = { uri: file.singles.branding ?? {}, version: file.singles.authentication_policy ?? {} };
  const [isUriSaid, isVersionSaid] = [
    Object.hasOwn(said.uri, "terms_uri"),
    Object.hasOwn(said.version, "terms_version"),
  ];
  const uri = text(isUriSaid ? said.uri : before.uri, "terms_uri");
  const version = text(isVersionSaid ? said.version : (before.version ?? {}), "terms_version");
  if (uri !== "" || version === "") return;
  const isUriGoing = text(before.uri, "terms_uri") !== "";
  if (!isUriGoing && version === text(before.version ?? {}, "terms_version")) return;
  problems.push({
    path: isUriGoing ? ["branding", "terms_uri"] : ["authentication_policy", "terms_version"],
    description: isUriGoing
      ? "must be there as long as terms_version of authentication_policy is set"
      : "needs terms that people can read: terms_uri of branding",
  });
}

/** What the policy can need of other sections, by the field that says whether it is there. */
const neededByPolicy = { branding: "terms_uri", mail_server: "host" } as const;

/** What there is once, in the order in which it is changed: what the policy needs comes before it, and goes after it. */
function inOrderOfNeed({ singles: said }: TenantFile): readonly SingleKey[] {
  const going = Object.entries(neededByPolicy)
    .filter(([key, field]) => {
      const json = said[key as SingleKey] ?? {};
      return Object.hasOwn(json, field) && text(json, field) === "";
    })
    .map(([key]) => key as SingleKey);
  return [...singleKeys.filter((key) => !going.includes(key)), ...going];
}

/**
 * Those of a list that others of it link to come first, by the links that there will be: those of the file, and where it does not
 * say any, those that there are. So whatever was changed links as it is to, to what was changed before or stays as it is, and no
 * new link closes a circle with one that goes later. A circle that will be there is a problem.
 */
function inOrder(
  key: ListKey,
  declared: readonly Declared[],
  existing: readonly Existing[],
  problems: Problem[],
): readonly Declared[] {
  const own = ownLinks(key);
  const byName = new Map(declared.map((one) => [one.name, one]));
  const before = new Map(existing.map((one) => [one.name, one]));
  const linksOf = (name: string) =>
    own.flatMap(
      (link) =>
        byName.get(name)?.links[link]?.map((one) => linkName(key, one)) ?? [
          ...(before.get(name)?.links[link]?.keys() ?? []),
        ],
    );
  const ordered = linkedFirst(byName.keys(), linksOf, (circle) => {
    const [first] = circle.flatMap((name) => byName.get(name) ?? []);
    if (first === undefined) return;
    problems.push({ path: first.path, description: `${lists[key].what} ${first.name} comes to include itself` });
  });
  return ordered.flatMap((name) => byName.get(name) ?? []);
}

/**
 * Those of a list that link to others of it come before them: the server takes what is deleted out of what links to it, which
 * then has another etag than the one that was read.
 */
function linkingFirst(key: ListKey, existing: readonly Existing[]): readonly Existing[] {
  const byName = new Map(existing.map((one) => [one.name, one]));
  const own = ownLinks(key);
  const linksOf = (name: string) => own.flatMap((link) => [...(byName.get(name)?.links[link]?.keys() ?? [])]);
  const ordered = linkedFirst(byName.keys(), linksOf, () => undefined);
  return ordered.toReversed().flatMap((name) => byName.get(name) ?? []);
}

/** The links of a section to others of the same. */
const ownLinks = (key: ListKey): readonly string[] =>
  Object.entries(lists[key].links).flatMap(([link, of]) => (of === key ? [link] : []));
