import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { ruleFaults } from "../../../services/host/interceptors/rule-faults.ts";
import { nearestName } from "../../../services/host/nearest-name.ts";
import { checkJson } from "./check-json.ts";
import { readDocument } from "./located-document.ts";
import { withImages } from "./image-reference.ts";
import { pathText, type Path, type Problem } from "./problem.ts";
import { readSecret, type SecretSource } from "./secret-reference.ts";
import { listKeys, lists, singleKeys, singles, type ListKey, type Section, type SingleKey } from "./sections.ts";

/** One resource as a file has it. What it does not mention stays as it is. */
export interface Declared {
  readonly name: string;
  readonly path: Path;
  /** The fields that it mentions, as protobuf JSON under the names of the contract. */
  readonly json: JsonObject;
  /** The links that it mentions: names of others. */
  readonly links: Readonly<Record<string, readonly string[]>>;
  /** The secret that a client is to have when it is created. */
  readonly secret?: string;
}

/** A tenant as a file has it: the sections that it mentions. */
export interface TenantFile {
  readonly lists: Readonly<Partial<Record<ListKey, readonly Declared[]>>>;
  readonly singles: Readonly<Partial<Record<SingleKey, JsonObject>>>;
  /** The secrets of those that name one. */
  readonly secrets: Readonly<Partial<Record<SingleKey, string>>>;
  /** `file:line: path: what would be right`, for a problem that is found later. */
  readonly locate: (problem: Problem) => string;
}

/** The form of the file; another number is another form. */
export const fileVersion = 1;

const validator = createValidator();

/**
 * Reads a tenant's file. Throws one Error with a line for each problem, which names file, line and field; none shows a value,
 * because a secret may stand where none belongs.
 */
export function readTenantFile(text: string, fileName: string, secrets: SecretSource): TenantFile {
  let document;
  try {
    document = readDocument(text);
  } catch (error) {
    throw new Error(`${fileName}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const locate = ({ path, description }: Problem): string =>
    `${fileName}:${document.line(path)}: ${path.length === 0 ? "" : `${pathText(path)}: `}${description}`;
  const root = isObject(document.value) ? document.value : {};
  const problems: Problem[] = isObject(document.value) ? [] : [{ path: [], description: "must be an object" }];
  if (root["version"] !== fileVersion) problems.push({ path: ["version"], description: `must be ${fileVersion}` });
  const known = ["version", ...singleKeys, ...listKeys];
  for (const key of Object.keys(root).filter((one) => !known.includes(one))) {
    const near = nearestName(key, known);
    problems.push({ path: [key], description: `is no section${near === undefined ? "" : `; did you mean ${near}?`}` });
  }
  const found: Partial<Record<SingleKey, string>> = {};
  const read: TenantFile = {
    lists: Object.fromEntries(
      listKeys
        .filter((key) => root[key] !== undefined && root[key] !== null)
        .map((key) => [key, readList(key, root[key], secrets, problems)]),
    ),
    singles: Object.fromEntries(
      singleKeys
        .filter((key) => root[key] !== undefined && root[key] !== null)
        .map((key) => [key, readSingle(key, root[key], { source: secrets, found }, problems)]),
    ),
    secrets: found,
    locate,
  };
  if (problems.length > 0) throw new Error(`the file is not right\n${problems.map(locate).join("\n")}`);
  return read;
}

function readList(key: ListKey, value: unknown, secrets: SecretSource, problems: Problem[]): readonly Declared[] {
  if (!Array.isArray(value)) {
    problems.push({ path: [key], description: "must be a list" });
    return [];
  }
  const declared = value.map((item: unknown, at) => readDeclared(key, item, [key, at], secrets, problems));
  const seen = new Set<string>();
  for (const { name, path } of declared) {
    if (name !== "" && seen.has(name))
      problems.push({ path, description: `${lists[key].what} ${name} is there twice` });
    seen.add(name);
  }
  return declared;
}

function readSingle(
  key: SingleKey,
  value: unknown,
  { source, found }: { readonly source: SecretSource; readonly found: Partial<Record<SingleKey, string>> },
  problems: Problem[],
): JsonObject {
  const read = key === "branding" ? withImages(value, [key], source.folder) : { value, problems: [] };
  problems.push(...read.problems);
  const { secret: field } = singles[key];
  if (field === undefined || !isObject(read.value) || read.value[field] === undefined) {
    return readMessage(singles[key], read.value, [key], problems);
  }
  const { [field]: reference, ...rest } = read.value;
  const secret = readSecret(reference, [key, field], source);
  problems.push(...secret.problems);
  found[key] = secret.secret;
  return readMessage(singles[key], rest, [key], problems);
}

function readDeclared(key: ListKey, item: unknown, path: Path, secrets: SecretSource, problems: Problem[]): Declared {
  const section = lists[key];
  const members = isObject(item) ? { ...item } : {};
  const links: Record<string, readonly string[]> = {};
  for (const link of Object.keys(section.links)) {
    if (members[link] === undefined) continue;
    links[link] = namesOf(members[link], [...path, link], problems);
    delete members[link];
  }
  let secret: string | undefined;
  if (key === "clients" && members["client_secret"] !== undefined) {
    const found = readSecret(members["client_secret"], [...path, "client_secret"], secrets);
    problems.push(...found.problems);
    secret = found.secret;
    delete members["client_secret"];
  }
  const json = readMessage(section, isObject(item) ? members : item, path, problems);
  const name = section.nameOf(json);
  const needed = section.namedBy[0] ?? "name";
  if (name === "" || (json[needed] ?? "") === "") {
    problems.push({ path: [...path, needed], description: `must be set: by it the ${section.what} is found again` });
  }
  return { name, path, json, links, ...(secret === undefined ? {} : { secret }) };
}

/** A message by its descriptor, then by the rules of its fields, as the server checks it. */
function readMessage(section: Section, value: unknown, path: Path, problems: Problem[]): JsonObject {
  const { json, problems: found } = checkJson(section.schema, value, path);
  problems.push(...found);
  const stray = section.apart.filter((name) => json[name] !== undefined);
  problems.push(...stray.map((name) => ({ path: [...path, name], description: "does not belong into a file" })));
  if (found.length > 0) return json;
  const unset = (section.alwaysSet ?? []).filter((name) => json[name] === null);
  problems.push(...unset.map((name) => ({ path: [...path, name], description: neverUnset })));
  const message = fromJson(section.schema, json);
  const result = validator.validate(section.schema, message);
  if (result.kind === "error") throw result.error;
  for (const { field, description } of ruleFaults(result, message)) {
    problems.push({ path: [...path, ...steps(field)], description });
  }
  return json;
}

const neverUnset = "must not be null, as it is never unset; leave it out, and it stays as it is";

/** `a[0].b` as a path. */
const steps = (text: string): (string | number)[] =>
  [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map(([name, at]) => (at === undefined ? name : Number(at)));

function namesOf(value: unknown, path: Path, problems: Problem[]): readonly string[] {
  const names = Array.isArray(value) ? value : [];
  if (!Array.isArray(value) || names.some((name) => typeof name !== "string")) {
    problems.push({ path, description: "must be a list of names" });
    return [];
  }
  const listed = names as readonly string[];
  if (new Set(listed).size < listed.length) problems.push({ path, description: "names one twice" });
  return listed;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
