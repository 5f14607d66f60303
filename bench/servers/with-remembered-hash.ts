// In the place of the program: its modules stay joined, as they do not with one that is loaded before it.
await import("./remembered-hash.ts");
await import("../../services/main.ts");
