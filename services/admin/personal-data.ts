import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CollectPersonalDataResponseSchema,
  type CollectPersonalDataRequest,
  type CollectPersonalDataResponse,
} from "#gen/koder/admin/v1/personal_data_internal_pb.ts";
import { callOf } from "../host/call.ts";
import { personal, personalData, type PersonalCollection } from "../host/personal-data.ts";
import { credentialUses, personalAccessTokens } from "./collections.ts";
import type { AdminDependencies } from "./dependencies.ts";

/** What there is of a person here. */
export const personalCollections: readonly PersonalCollection[] = [
  personal(personalAccessTokens, (userId) => ({ index: "user", equals: userId }), [
    { of: ({ id }) => id, part: personal(credentialUses, (id) => ({ id })) },
  ]),
];

/** Everything that this service stores about a person. */
export function collectPersonalData({ store }: Pick<AdminDependencies, "store">) {
  return async (
    { userId }: CollectPersonalDataRequest,
    context: HandlerContext,
  ): Promise<CollectPersonalDataResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    return create(CollectPersonalDataResponseSchema, { data: await personalData(data, personalCollections, userId) });
  };
}
