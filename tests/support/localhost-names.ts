import dns from "node:dns";

const here = /(?:^|\.)localhost$|\.test$/;

type Callback = (error: Error | null, address: string | dns.LookupAddress[], family?: number) => void;

/**
 * Makes names below `localhost`, and those in the domain for tests, this machine in this process: curl and browsers take the
 * former for it by themselves, Node's resolver may not.
 */
export function resolveLocalNames(): void {
  const real = dns.lookup;
  const lookup = (hostname: string, options: dns.LookupOptions, callback: Callback): void => {
    if (!here.test(hostname)) real(hostname, options, callback);
    else if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }]);
    else callback(null, "127.0.0.1", 4);
  };
  Object.assign(dns, { lookup });
}
