import { createEcmaScriptPlugin, runNodeJs } from "@bufbuild/protoplugin";
import { openApiDocument } from "./document.ts";

// A buf plug-in that writes one OpenAPI document; docs/decisions/0004-openapi.md says why it is our own.
runNodeJs(
  createEcmaScriptPlugin({
    name: "protoc-gen-koder-openapi",
    version: "v1",
    generateTs(schema) {
      const text = JSON.stringify(openApiDocument(schema.allFiles), undefined, 2);
      schema.generateFile("openapi.json").print(text);
    },
  }),
);
