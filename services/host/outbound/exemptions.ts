import { readAuthorities } from "../certificates/pem-file.ts";

/** A host that the operator lets requests go to, wherever it is. */
export interface OutboundExemption {
  /** As in a URL: lower case, IPv6 in brackets. */
  readonly hostname: string;
  readonly port: number;
  /** PEM file of who vouches for its certificate; undefined: whom the system trusts. */
  readonly caFile: string | undefined;
}

/**
 * Reads `<host>:<port>[=<PEM file>]`, by commas. Throws a sentence when it is wrong, without the value.
 */
export function readExemptions(text: string): readonly OutboundExemption[] {
  return text.split(",").map((one) => {
    const [place = "", caFile] = one.trim().split(/=(.+)/s);
    const url = `https://${place}`;
    const port = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]\\]+):(\d{1,5})$/.exec(place)?.[1];
    if (port === undefined || Number(port) < 1 || !URL.canParse(url)) {
      throw new Error("must be <host>:<port> or <host>:<port>=<PEM file>, by commas, such as keys.internal:8443");
    }
    return { hostname: new URL(url).hostname, port: Number(port), caFile };
  });
}

/** What a request to an exempt host needs to know. */
export interface Exempt {
  readonly ca: string | undefined;
}

/** Looks URLs up among the exemptions, whose PEM files are read now. Throws a sentence where one cannot be used. */
export function createExemptions(exemptions: readonly OutboundExemption[]): (url: URL) => Exempt | undefined {
  const known = new Map(
    exemptions.map(({ hostname, port, caFile }) => [
      `${hostname}:${port}`,
      { ca: caFile === undefined ? undefined : readAuthorities(caFile, "KODER_ID_OUTBOUND_EXEMPT") },
    ]),
  );
  return (url) => known.get(`${url.hostname}:${url.port === "" ? 443 : Number(url.port)}`);
}
