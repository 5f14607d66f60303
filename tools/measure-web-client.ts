import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { repositoryRoot } from "./run-program.ts";

/** How large an application of the web client is, with everything that it needs, minified; in bytes. */
export interface WebClientSize {
  readonly example: string;
  readonly minified: number;
  readonly gzipped: number;
  /** The files of this repository that ended up in it. */
  readonly sources: readonly string[];
}

/** The examples that are measured: one loads a single service, the other all of them. */
export const measuredExamples = ["one-service", "first-steps"] as const;

/** Bundles an example of the web client as an application would be, and measures it. */
export async function measureWebClient(example: (typeof measuredExamples)[number]): Promise<WebClientSize> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: [join("clients/web/examples", `${example}.ts`)],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    metafile: true,
    write: false,
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
  return {
    example,
    minified: code.byteLength,
    gzipped: gzipSync(code, { level: 9 }).byteLength,
    sources: used.filter((path) => /^(clients|gen)\//.test(path)),
  };
}

if (import.meta.main) {
  for (const example of measuredExamples) {
    const { minified, gzipped } = await measureWebClient(example);
    process.stdout.write(`| \`examples/${example}.ts\` | ${minified} | ${gzipped} |\n`);
  }
}
