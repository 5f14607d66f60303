import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Path, Problem } from "./problem.ts";

/** The pictures of a branding. */
export const imageFields = ["logo", "logo_dark", "favicon"] as const;
/** What the server says of a picture, and no file does. */
export const saidOfImages = ["media_type", "width", "height", "version"] as const;

/** In bytes; the contract says it as well, but nothing larger is read. */
const largestImage = 65_536;

/**
 * A section whose pictures are their bytes: those that name a file, `{file: PATH}`, are read; those that a file of ours brought
 * along, `{data: BASE64}`, stay as they are.
 */
export function withImages(
  value: unknown,
  path: Path,
  folder: string,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { value, problems: [] };
  const members: Record<string, unknown> = { ...value };
  const problems: Problem[] = [];
  for (const name of imageFields) {
    const image = members[name];
    if (image === undefined || image === null) continue;
    const here = [...path, name];
    const [[kind, from] = [], ...more] = typeof image === "object" ? Object.entries(image) : [];
    if (typeof from !== "string" || from === "" || more.length > 0 || (kind !== "file" && kind !== "data")) {
      problems.push({ path: here, description: "must say where the picture is, {file: PATH}, or be {data: BASE64}" });
      delete members[name];
    } else if (kind === "file") {
      const read = readImage(resolve(folder, from));
      if (read === undefined) {
        problems.push({ path: here, description: `${from} cannot be read, or is larger than ${largestImage} bytes` });
        delete members[name];
      } else members[name] = { data: read };
    }
  }
  return { value: members, problems };
}

/** In base64; undefined where there is no such file, or one that is too large. */
function readImage(path: string): string | undefined {
  try {
    return statSync(path).size > largestImage ? undefined : readFileSync(path).toString("base64");
  } catch {
    return undefined;
  }
}
