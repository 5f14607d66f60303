import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";

/** When a record expires by its `expire_time`, in milliseconds since the epoch; undefined for one that has none: never. */
export const expireTimeOf = ({ expireTime }: { readonly expireTime?: Timestamp | undefined }): number | undefined =>
  expireTime === undefined ? undefined : timestampMs(expireTime);
