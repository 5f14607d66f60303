import type { DescFile, JsonObject } from "@bufbuild/protobuf";
import { isPublicFile } from "../protos/public-files.ts";
import { errorResponse, errorSchemas } from "./errors.ts";
import { operationsOf } from "./operations.ts";
import { comment, createSchemas } from "./schemas.ts";

/** What the document says of the whole API. */
const info: JsonObject = {
  title: "Koder ID REST API",
  version: "v1",
  description: [
    "The management API over REST: the same methods as the RPCs in `proto/`, with the protos' field names.",
    "Members can be written in snake_case or camelCase; answers use snake_case. Unknown members are refused.",
    "The tenant is that of the host and of the credential.",
  ].join(" "),
  license: { name: "Apache-2.0", identifier: "Apache-2.0" },
};

const securitySchemes: JsonObject = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "An access token of this server whose scopes include the permission, or an API key (`kak_…`).",
  },
  bootstrapToken: {
    type: "apiKey",
    in: "header",
    name: "X-Koder-Bootstrap-Token",
    description: "The bootstrap token of an instance that has no owner yet.",
  },
};

/** The OpenAPI 3.1 document of every method with a REST face in the public files among `files`. */
export function openApiDocument(files: readonly DescFile[]): JsonObject {
  const publicFiles = files.filter((file) => file.name.startsWith("koder/") && isPublicFile(`${file.name}.proto`));
  const enums = publicFiles.flatMap((file) => file.enums);
  const schemas = createSchemas([...publicFiles.flatMap((file) => file.messages), ...enums]);
  const services = publicFiles.flatMap((file) => file.services);

  const paths = new Map<string, JsonObject>();
  for (const method of services.flatMap((service) => service.methods)) {
    for (const { path, verb, operation } of operationsOf(method, schemas)) {
      const item = paths.get(path) ?? {};
      if (verb in item) throw new Error(`two methods answer ${verb} ${path}`);
      paths.set(path, { ...item, [verb]: operation });
    }
  }
  const described = services.filter((service) =>
    service.methods.some((method) => operationsOf(method, schemas).length > 0),
  );
  return {
    openapi: "3.1.0",
    info,
    servers: [{ url: "http://localhost:8080", description: "A server started for development" }],
    tags: described.map((service) => ({ name: service.name, description: comment(service) })),
    paths: Object.fromEntries([...paths].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes,
      responses: { Error: errorResponse },
      schemas: { ...schemas.components(), ...errorSchemas(enums) },
    },
  };
}
