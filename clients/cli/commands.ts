import type { Command } from "./command.ts";

/** Every command by the words that people type; each is read only when it is called. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  "key list": async () => (await import("./commands/key-list.ts")).keyList,
  "key rotate": async () => (await import("./commands/key-rotate.ts")).keyRotate,
  serve: async () => (await import("./commands/serve.ts")).serve,
  "service-keys create": async () => (await import("./commands/service-keys-create.ts")).serviceKeysCreate,
  "store copy": async () => (await import("./commands/store-copy.ts")).storeCopy,
  "store get": async () => (await import("./commands/store-get.ts")).storeGet,
  "store list": async () => (await import("./commands/store-list.ts")).storeList,
  "tenant apply": async () => (await import("./commands/tenant-apply.ts")).tenantApply,
  "tenant export": async () => (await import("./commands/tenant-export.ts")).tenantExport,
  "vault rotate": async () => (await import("./commands/vault-rotate.ts")).vaultRotate,
};
