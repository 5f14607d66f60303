/** Why a request that we send did not come to an answer. */
export type OutboundFault =
  /** The URL is not https, has credentials, or a port that is not open to it. */
  | "url"
  /** The port is none that others may have us connect to. */
  | "port"
  /** The host has no address, or one that is not public. */
  | "address"
  /** Too many requests to this host, of this tenant, or at all, are under way already. */
  | "busy"
  | "timeout"
  /** The host's certificate is not good. */
  | "tls"
  | "connection"
  | "redirect"
  /** The answer is compressed, though nobody asked for that. */
  | "encoding"
  | "too_large";

const sentences: Readonly<Record<OutboundFault, string>> = {
  url: "only https URLs without credentials are fetched, on port 443",
  port: "the port is none of those that are open to it",
  address: "the host has no address, or one that is not public",
  busy: "too many requests to the host wait already",
  timeout: "the host did not answer in time",
  tls: "the host's certificate is not good",
  connection: "the host could not be reached, or broke off",
  redirect: "the host answered with a redirect, and none is followed",
  encoding: "the answer is compressed",
  too_large: "the answer is too large",
};

/** A request that did not come to an answer. Its message may be shown: it names no address. */
export class OutboundFailed extends Error {
  override readonly name = "OutboundFailed";
  readonly fault: OutboundFault;
  constructor(fault: OutboundFault, options?: ErrorOptions) {
    super(sentences[fault], options);
    this.fault = fault;
  }
}
