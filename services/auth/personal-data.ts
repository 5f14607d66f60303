import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CollectPersonalDataResponseSchema,
  type CollectPersonalDataRequest,
  type CollectPersonalDataResponse,
} from "#gen/koder/auth/v1/personal_data_internal_pb.ts";
import { callOf } from "../host/call.ts";
import { personal, personalData, type PersonalCollection } from "../host/personal-data.ts";
import { acceptedTerms, factors, factorUses, recoveryCodes, rememberedDevices } from "./collections.ts";
import type { AuthDependencies } from "./dependencies.ts";

/** What there is of a person here. */
export const personalCollections: readonly PersonalCollection[] = [
  personal(factors, (userId) => ({ index: "user_id", equals: userId }), [
    { of: ({ id }) => id, part: personal(factorUses, (id) => ({ id })) },
  ]),
  personal(rememberedDevices, (userId) => ({ index: "user_id", equals: userId })),
  personal(recoveryCodes, (userId) => ({ id: userId })),
  personal(acceptedTerms, (userId) => ({ id: userId })),
];

/** Everything that this service stores about a person. */
export function collectPersonalData({ store }: Pick<AuthDependencies, "store">) {
  return async (
    { userId }: CollectPersonalDataRequest,
    context: HandlerContext,
  ): Promise<CollectPersonalDataResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    return create(CollectPersonalDataResponseSchema, { data: await personalData(data, personalCollections, userId) });
  };
}
