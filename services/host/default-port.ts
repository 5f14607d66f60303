/**
 * A host without the port that its scheme (`https:`, `http:`) has anyway (RFC 9110 §4.2): gRPC clients name it in `:authority`, as
 * they were given it.
 */
export function withoutDefaultPort(host: string, scheme: string): string {
  const port = scheme === "https:" ? ":443" : ":80";
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}
