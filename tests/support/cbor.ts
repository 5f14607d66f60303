/** What the CBOR of WebAuthn is made of (RFC 8949): whole numbers, byte strings, texts, lists and maps. */
export type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number | string, Cbor>;

/** Writes a value as CBOR, lengths as short as they can be (CTAP2 canonical form, if the keys of maps come in their order). */
export function encodeCbor(value: Cbor): Buffer {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") {
    const text = Buffer.from(value, "utf8");
    return Buffer.concat([head(3, text.length), text]);
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (isMap(value)) {
    const entries = Array.from(value, ([key, of]) => Buffer.concat([encodeCbor(key), encodeCbor(of)]));
    return Buffer.concat([head(5, entries.length), ...entries]);
  }
  return Buffer.concat([head(4, value.length), ...value.map(encodeCbor)]);
}

const isMap = (value: Cbor): value is ReadonlyMap<number | string, Cbor> => value instanceof Map;

function head(majorType: number, n: number): Buffer {
  const type = majorType << 5;
  if (n < 24) return Buffer.from([type | n]);
  if (n < 2 ** 8) return Buffer.from([type | 24, n]);
  const [marker, bytes] = n < 2 ** 16 ? [25, 2] : [26, 4];
  const written = Buffer.alloc(1 + bytes, type | marker);
  written.writeUIntBE(n, 1, bytes);
  return written;
}
