import { ownTimes, type Profile, type ProfileNode } from "./profile.ts";

/** What functions belong to which part, by their names or by the files that they are in; the first that fits. */
const parts: readonly (readonly [part: string, name: RegExp | undefined, file: RegExp])[] = [
  ["collecting garbage", /^\(garbage collector\)$/, /^$/],
  ["waiting", /^\(idle\)$/, /^$/],
  ["store", undefined, /\/services\/store\/|\/bench\/servers\/.*adapter|node:sqlite/],
  ["cryptography", undefined, /\/services\/vault\/|node:(internal\/)?crypto|node_modules\/jose\//],
  ["messages and their rules", undefined, /node_modules\/@bufbuild\/|\/gen\/ts\//],
  ["calls of services", undefined, /\/services\/host\/(transport|interceptors)\/|node_modules\/@connectrpc\//],
  [
    "HTTP",
    undefined,
    /node:(_?http|net|internal\/(streams|stream_base)|stream|url)|node_modules\/(fastify|find-my-way|koa|@koa)/,
  ],
  ["the flows themselves", undefined, /\/services\/|node_modules\/oidc-provider\//],
];
const nobodys = "nobody's";

/** Where the main thread's time went, in microseconds: what a function of no part takes is its caller's. */
export function timeByPart(profile: Profile): ReadonlyMap<string, number> {
  const own = ownTimes(profile);
  const { nodes } = profile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const time = new Map<string, number>();
  function walk(node: ProfileNode, callers: string): void {
    const part = partOf(node) ?? callers;
    time.set(part, (time.get(part) ?? 0) + (own.get(node.id) ?? 0));
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) walk(child, part);
    }
  }
  const [root] = nodes;
  if (root !== undefined) walk(root, nobodys);
  return new Map(Array.from(time).toSorted((a, b) => b[1] - a[1]));
}

function partOf({ callFrame: { functionName, url } }: ProfileNode): string | undefined {
  return parts.find(([, name, file]) => (name === undefined ? file.test(url) : name.test(functionName)))?.[0];
}
