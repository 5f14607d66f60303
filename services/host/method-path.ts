import type { DescMethod } from "@bufbuild/protobuf";

const paths = new WeakMap<DescMethod, string>();

/** `koder.session.v1.GrantService/RedeemCode`: a method in service tokens, metrics and logs. */
export function methodPath(method: DescMethod): string {
  let path = paths.get(method);
  if (path === undefined) paths.set(method, (path = `${method.parent.typeName}/${method.name}`));
  return path;
}
