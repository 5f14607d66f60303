import { create } from "@bufbuild/protobuf";
import type { Factor as StoredFactor, FactorUse } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { FactorSchema, FactorType, type Factor } from "#gen/koder/auth/v1/factor_pb.ts";

const types = { totp: FactorType.TOTP } as const;

/** What a stored factor is. */
export const typeOf = ({ kind }: StoredFactor): FactorType =>
  kind.case === undefined ? FactorType.UNSPECIFIED : types[kind.case];

/** A factor as its person sees it. */
export function factorMessage(stored: StoredFactor, use: FactorUse | undefined): Factor {
  return create(FactorSchema, {
    id: stored.id,
    type: typeOf(stored),
    displayName: stored.displayName,
    ...(stored.createTime ? { createTime: stored.createTime } : {}),
    ...(use?.lastUseTime ? { lastUseTime: use.lastUseTime } : {}),
  });
}
