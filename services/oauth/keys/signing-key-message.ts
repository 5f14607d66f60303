import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SigningKeySchema, SigningKeyState, type SigningKey } from "#gen/koder/oauth/v1/signing_key_pb.ts";
import { deletionDue, pickCurrent, promotionDue, type RotationPolicy } from "../../vault/signing-key-ring.ts";
import { ringOf, type StoredRingKey } from "./key-rings.ts";

const states = {
  next: SigningKeyState.NEXT,
  current: SigningKeyState.CURRENT,
  retired: SigningKeyState.RETIRED,
} as const;

/** The keys of one algorithm as others see them, with what the policy will do to them. */
export function signingKeyMessages(keys: readonly StoredRingKey[], policy: RotationPolicy): readonly SigningKey[] {
  const ring = ringOf(keys);
  const current = pickCurrent(ring);
  return ring.map((one, at) => {
    const record = keys[at]?.record;
    const known = {
      kid: one.kid,
      alg: record?.alg ?? "",
      state: states[one.state],
      createTime: timestampFromMs(one.createTime),
    };
    switch (one.state) {
      case "next": {
        const due = current === undefined ? one.createTime : promotionDue(one, current, policy);
        return create(SigningKeySchema, { ...known, activateTime: timestampFromMs(due) });
      }
      case "current":
        return create(SigningKeySchema, { ...known, activateTime: timestampFromMs(one.activateTime) });
      case "retired":
        return create(SigningKeySchema, {
          ...known,
          ...(record?.activateTime ? { activateTime: record.activateTime } : {}),
          retireTime: timestampFromMs(one.retireTime),
          deleteTime: timestampFromMs(deletionDue(one, policy)),
        });
    }
  });
}
