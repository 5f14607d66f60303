import { join } from "node:path";

/**
 * Where a file is that is read as it is, such as a template, by its path in `services`. Modules ask here and not `import.meta.dirname`:
 * joined (`join-modules.ts`), they are in another folder than what they read, and only this module is told of it.
 */
export const ownFile = (path: string): string => join(import.meta.dirname, "..", path);
