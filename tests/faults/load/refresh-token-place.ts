/** The family and the generation that a refresh token says it is of; services/session/refresh/refresh-token.ts has its form. */
export function placeOf(refreshToken: string): { readonly family: string; readonly generation: number } {
  const bytes = Buffer.from(refreshToken.slice("krt_".length), "base64url");
  const tenantEnd = 6 + bytes.readUInt8(5);
  return {
    family: bytes.toString("latin1", tenantEnd, tenantEnd + 26),
    generation: bytes.readUInt32BE(tenantEnd + 26),
  };
}
