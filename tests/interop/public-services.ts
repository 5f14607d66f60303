import type { DescFile } from "@bufbuild/protobuf";
import { hostOf } from "../../services/host/peers.ts";
import { buildDescriptors } from "../contract/build-descriptors.ts";
import { isInternal } from "../contract/rules/rule.ts";

/** What each port must list, by the descriptors: a service's own proto services on its port, the public ones on the gateway's. */
export interface ExpectedServices {
  readonly of: (service: string) => string[];
  readonly public: string[];
  readonly internal: string[];
}

/** Reads the expected lists from the compiled protos. */
export async function expectedServices(): Promise<ExpectedServices> {
  const files = await buildDescriptors();
  const names = (chosen: readonly DescFile[]) =>
    chosen.flatMap((file) => file.services).map(({ typeName }) => typeName);
  return {
    of: (service) => names(files.filter((file) => file.services.some((proto) => hostOf(proto) === service))),
    public: names(files.filter((file) => !isInternal(file))),
    internal: names(files.filter((file) => isInternal(file))),
  };
}
