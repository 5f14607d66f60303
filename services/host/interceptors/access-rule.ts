import { getOption, hasOption, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { access, Caller, Target } from "#gen/koder/options/v1/access_pb.ts";
import { accountScopeOf } from "../account-scopes.ts";

/** The `access` option of a method, read once. */
export interface AccessRule {
  readonly isPublic: boolean;
  readonly services: ReadonlySet<string>;
  readonly user: boolean;
  readonly client: boolean;
  readonly bootstrapToken: boolean;
  readonly flow: boolean;
  readonly target: Target;
  readonly permission: string;
  /** Milliseconds. */
  readonly maxAuthAge: number | undefined;
  /** The scope that a person's token needs for their own account. */
  readonly accountScope: string;
  /** Reads the resource's id from a request. */
  readonly resourceId: ((request: unknown) => unknown) | undefined;
}

/** The rules of every method of these services. Throws for a method without one: it must not be served. */
export function accessRules(services: readonly DescService[]): ReadonlyMap<DescMethod, AccessRule> {
  return new Map(services.flatMap((service) => service.methods.map((method) => [method, accessRule(method)] as const)));
}

/** Reads one method's rule. Throws when it has none, or one that does not say what it must. */
export function accessRule(method: DescMethod): AccessRule {
  const name = `${method.parent.typeName}/${method.name}`;
  if (!hasOption(method, access)) throw new Error(`${name} has no access option`);
  const { callers, services, target, permission, maxAuthAge, resourceField } = getOption(method, access);
  const rule: AccessRule = {
    isPublic: callers.includes(Caller.PUBLIC),
    services: new Set(callers.includes(Caller.SERVICE) ? services : []),
    user: callers.includes(Caller.USER),
    client: callers.includes(Caller.CLIENT),
    bootstrapToken: callers.includes(Caller.BOOTSTRAP_TOKEN),
    flow: callers.includes(Caller.FLOW),
    target,
    permission,
    maxAuthAge: maxAuthAge === undefined ? undefined : durationMs(maxAuthAge),
    accountScope: accountScopeOf(method),
    resourceId: resourceField === "" ? undefined : fieldReader(method, resourceField),
  };
  const self = target === Target.SELF || target === Target.SELF_OR_PERMISSION;
  if ((rule.user || rule.client) && target === Target.UNSPECIFIED) throw new Error(`${name}: access names no target`);
  if ((rule.user || rule.client) && target !== Target.SELF && permission === "") {
    throw new Error(`${name}: access names no permission`);
  }
  if (self && rule.resourceId === undefined) throw new Error(`${name}: access to oneself names no resource_field`);
  return rule;
}

function fieldReader(method: DescMethod, path: string): (request: unknown) => unknown {
  if (method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming") {
    throw new Error(`${method.parent.typeName}/${method.name}: a stream of requests has no one resource_field`);
  }
  let message = method.input;
  const names = path.split(".").map((part, index, parts) => {
    const field = message.fields.find(({ name }) => name === part);
    if (field === undefined) throw new Error(`${method.input.typeName} has no field ${path}`);
    if (index < parts.length - 1) {
      if (field.fieldKind !== "message") throw new Error(`${method.input.typeName}.${path}: ${part} is no message`);
      message = field.message;
    }
    return field.localName;
  });
  return (request) =>
    names.reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], request);
}
