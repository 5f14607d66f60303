import { getOption, hasOption } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { getComments } from "@bufbuild/protoplugin";
import { http } from "#gen/google/api/annotations_pb.ts";
import { methodName, methodsOf, servicesOf, type Rule } from "./rule.ts";

/** Verbs that only read. What is called so may be repeated, cached and sent as GET. */
const reads = /^(Get|List|Lookup|Resolve|Check|Count|Find|Watch)(?=[A-Z])/;

/** Every service and every method has a comment that says more than its name. */
export const everyMethodHasComment: Rule = (files) => [
  ...servicesOf(files)
    .filter((service) => isEmptyComment(getComments(service).leading, service.name))
    .map((service) => `${service.typeName}: no comment`),
  ...methodsOf(files)
    .filter((method) => isEmptyComment(getComments(method).leading, method.name))
    .map((method) => `${methodName(method)}: no comment`),
];

function isEmptyComment(comment: string | undefined, name: string): boolean {
  return (comment ?? "").replaceAll(name, "").trim().length < 10;
}

/** Reads are NO_SIDE_EFFECTS, a method that is NO_SIDE_EFFECTS has no REST face but GET, and GET is nothing else's. */
export const readsHaveNoSideEffects: Rule = (files) =>
  methodsOf(files).flatMap((method) => {
    const pure = method.idempotency === Level.NO_SIDE_EFFECTS;
    const problems: string[] = [];
    if (reads.test(method.name) && !pure) problems.push("reads, by its name, but is not NO_SIDE_EFFECTS");
    if (hasOption(method, http)) {
      const rule = getOption(method, http);
      const verbs = [rule, ...rule.additionalBindings].map(({ pattern }) => pattern.case ?? "nothing");
      if (pure !== verbs.every((verb) => verb === "get"))
        problems.push(`is ${pure ? "" : "not "}NO_SIDE_EFFECTS but answers ${verbs.join(" and ")}`);
    }
    return problems.map((problem) => `${methodName(method)}: ${problem}`);
  });
