import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate and its key, PEM files. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Who vouches for certificates; its own is a certificate like any other. */
export interface Authority extends Certificate {
  /** A certificate for loopback or for other names, for servers and clients alike. */
  issue(name: string, domains?: readonly string[]): Certificate;
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Makes an authority in a folder, by openssl. Throws when the machine has none. */
export function makeAuthority(folder: string, authority = "authority"): Authority {
  const file = (name: string, end: string) => join(folder, `${name}.${end}`);
  const openssl = (...args: readonly string[]) => void execFileSync("openssl", args, { stdio: "ignore" });
  const own = { certFile: file(authority, "crt"), keyFile: file(authority, "key") };
  openssl(
    "req",
    "-x509",
    ...newKey,
    "-days",
    "2",
    "-subj",
    `/CN=${authority}`,
    "-keyout",
    own.keyFile,
    "-out",
    own.certFile,
  );
  return {
    ...own,
    issue(name, domains = ["localhost"]) {
      const made = { certFile: file(name, "crt"), keyFile: file(name, "key") };
      const [request, extensions] = [file(name, "csr"), file(name, "ext")];
      openssl("req", ...newKey, "-subj", `/CN=${name}`, "-keyout", made.keyFile, "-out", request);
      const names = [...domains.map((domain) => `DNS:${domain}`), "IP:127.0.0.1"].join(",");
      writeFileSync(extensions, `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
      const signer = ["-CA", own.certFile, "-CAkey", own.keyFile, "-CAcreateserial", "-days", "2"];
      openssl("x509", "-req", "-in", request, ...signer, "-extfile", extensions, "-out", made.certFile);
      return made;
    },
  };
}
