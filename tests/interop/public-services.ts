import type { DescFile } from "@bufbuild/protobuf";
import { hostOf } from "../../services/host/peers.ts";
import { buildDescriptors } from "../contract/build-descriptors.ts";
import { isInternal } from "../contract/rules/rule.ts";
import { isOpen } from "../support/open-method.ts";

/** What each port must list, by the descriptors: a service's own proto services on its port, the public ones on the gateway's. */
export interface ExpectedServices {
  readonly of: (service: string) => string[];
  readonly public: string[];
  readonly internal: string[];
  /** Methods that need no credential, by `<service>.<method>`: they ask for a secret of their own, or for nothing that tells. */
  readonly open: ReadonlySet<string>;
}

/** Reads the expected lists from the compiled protos. */
export async function expectedServices(): Promise<ExpectedServices> {
  const files = await buildDescriptors();
  const names = (chosen: readonly DescFile[]) =>
    chosen.flatMap((file) => file.services).map(({ typeName }) => typeName);
  const methods = files.flatMap((file) => file.services).flatMap((service) => service.methods);
  return {
    open: new Set(methods.filter(isOpen).map((method) => `${method.parent.typeName}.${method.name}`)),
    of: (service) => names(files.filter((file) => file.services.some((proto) => hostOf(proto) === service))),
    public: names(files.filter((file) => !isInternal(file))),
    internal: names(files.filter((file) => isInternal(file))),
  };
}
