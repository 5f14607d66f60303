import type { DescMethod } from "@bufbuild/protobuf";
import { accessRule } from "../../services/host/interceptors/access-rule.ts";

/** Whether a method needs no credential: it is public, or opens by the secret id of a flow. */
export function isOpen(method: DescMethod): boolean {
  const { isPublic, flow } = accessRule(method);
  return isPublic || flow;
}
