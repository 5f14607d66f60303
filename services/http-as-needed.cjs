// What `node:http` is for joined modules (`join-modules.ts`). To import it reads all that it exports at once, also what Node itself loads
// when it is first asked for: its client of WebSockets, which was a tenth of a start.
module.exports = process.getBuiltinModule("node:http");
