import { getOption, hasOption, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import { http } from "#gen/google/api/annotations_pb.ts";
import { access, Caller, Target, type Access } from "#gen/koder/options/v1/access_pb.ts";
import { isInternal, methodName, methodsOf, type Rule } from "./rule.ts";

const services = new Set(["gateway", "identity", "auth", "oauth", "session", "admin"]);

/** Every method says who may call it, completely enough to be enforced. */
export const everyMethodHasAccess: Rule = (files) =>
  methodsOf(files).flatMap((method) =>
    (hasOption(method, access) ? accessProblems(method, getOption(method, access)) : ["no access option"]).map(
      (problem) => `${methodName(method)}: ${problem}`,
    ),
  );

function accessProblems(method: DescMethod, option: Access): string[] {
  const { callers, services: allowed, target, permission, resourceField } = option;
  const problems: string[] = [];
  if (callers.length === 0 || callers.includes(Caller.UNSPECIFIED)) problems.push("access names no caller");
  if (callers.includes(Caller.PUBLIC) && callers.length > 1) problems.push("PUBLIC beside other callers says nothing");

  const forServices = callers.includes(Caller.SERVICE);
  if (forServices !== allowed.length > 0) problems.push("SERVICE and the list of services go together");
  for (const name of allowed) if (!services.has(name)) problems.push(`there is no service ${name}`);

  const needsRight = callers.includes(Caller.USER) || callers.includes(Caller.CLIENT);
  if (needsRight && target === Target.UNSPECIFIED) problems.push("access has no target");
  if (needsRight && target !== Target.SELF && !/^[a-z][a-z_]*\.[a-z][a-z_]*$/.test(permission))
    problems.push("access has no permission of the form resource.verb");

  const self = target === Target.SELF || target === Target.SELF_OR_PERMISSION;
  if (self && resourceField === "") problems.push("SELF needs the field that names the resource");
  if (resourceField !== "" && !hasField(method.input, resourceField))
    problems.push(`the request has no field ${resourceField}`);
  return problems;
}

function hasField(message: DescMessage, path: string): boolean {
  const [first = "", ...rest] = path.split(".");
  const field = message.fields.find((candidate) => candidate.name === first);
  if (field === undefined) return false;
  return rest.length === 0 || (field.message !== undefined && hasField(field.message, rest.join(".")));
}

/** RPCs between services live in `*_internal.proto`, have no REST face and are for services alone; no others are. */
export const internalMeansServiceOnly: Rule = (files) =>
  methodsOf(files).flatMap((method) => {
    const callers = hasOption(method, access) ? getOption(method, access).callers : [];
    const serviceOnly = callers.length > 0 && callers.every((caller) => caller === Caller.SERVICE);
    const problems: string[] = [];
    if (isInternal(method.parent.file)) {
      if (!serviceOnly) problems.push("stands in an internal file but is not for services only");
      if (hasOption(method, http)) problems.push("is internal but has a REST face");
    } else if (callers.includes(Caller.SERVICE)) problems.push("is for services but stands in a public file");
    return problems.map((problem) => `${methodName(method)}: ${problem}`);
  });
