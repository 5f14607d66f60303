import { create, createRegistry, toBinary, type DescFile, type DescService } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { file_google_rpc_error_details } from "#gen/google/rpc/error_details_pb.ts";
import {
  ErrorResponseSchema,
  ExtensionNumberResponseSchema,
  FileDescriptorResponseSchema,
  ListServiceResponseSchema,
  ServerReflection as ReflectionV1,
  ServerReflectionResponseSchema,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from "#gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ReflectionV1Alpha } from "#gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { implementation, type Implementation } from "./service-module.ts";

type Answer = ServerReflectionResponse["messageResponse"];

/** gRPC status codes that the protocol answers with. */
const notFound = 5;
const unimplemented = 12;

/** Server reflection, v1 and v1alpha, for these services and what their messages need. */
export function reflection(services: readonly DescService[]): readonly Implementation[] {
  // Indexed with the first question: most ports are never asked one.
  let answer: ((request: ServerReflectionRequest) => Answer) | undefined;
  async function* serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest>) {
    for await (const request of requests) {
      answer ??= reflector([...services, ReflectionV1, ReflectionV1Alpha]);
      yield create(ServerReflectionResponseSchema, {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(request),
      });
    }
  }
  return [
    implementation(ReflectionV1, { serverReflectionInfo }),
    // v1alpha has the same fields under other type names.
    implementation(ReflectionV1Alpha, { serverReflectionInfo: serverReflectionInfo as never }),
  ];
}

/** Answers the questions of the protocol about these services. */
function reflector(listed: readonly DescService[]): (request: ServerReflectionRequest) => Answer {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    file.dependencies.forEach(add);
  };
  for (const service of listed) add(service.file);
  add(file_google_rpc_error_details); // so that clients can print the details of errors
  const registry = createRegistry(...files.values());

  /** A symbol may also be a method, field or enum value: the last part is dropped until something has the name. */
  function fileOfSymbol(symbol: string): DescFile | undefined {
    for (let name = symbol; name !== ""; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) {
      const found = registry.get(name);
      if (found !== undefined) return found.file;
    }
    return undefined;
  }

  const encoded = new Map<DescFile, Uint8Array>();
  function withDependencies(file: DescFile): Uint8Array[] {
    const wanted = new Set<DescFile>();
    const walk = (one: DescFile): void => {
      if (wanted.has(one)) return;
      wanted.add(one);
      one.dependencies.forEach(walk);
    };
    walk(file);
    return Array.from(wanted, (one) => {
      let bytes = encoded.get(one);
      if (bytes === undefined) encoded.set(one, (bytes = toBinary(FileDescriptorProtoSchema, one.proto)));
      return bytes;
    });
  }

  const error = (errorCode: number, errorMessage: string): Answer => ({
    case: "errorResponse",
    value: create(ErrorResponseSchema, { errorCode, errorMessage }),
  });
  const fileAnswer = (file: DescFile | undefined, what: string): Answer =>
    file === undefined
      ? error(notFound, `${what} is not known here`)
      : {
          case: "fileDescriptorResponse",
          value: create(FileDescriptorResponseSchema, { fileDescriptorProto: withDependencies(file) }),
        };

  function answer({ messageRequest: asked }: ServerReflectionRequest): Answer {
    switch (asked.case) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: create(ListServiceResponseSchema, { service: listed.map(({ typeName: name }) => ({ name })) }),
        };
      case "fileByFilename":
        return fileAnswer(files.get(asked.value), asked.value);
      case "fileContainingSymbol":
        return fileAnswer(fileOfSymbol(asked.value), asked.value);
      case "fileContainingExtension": {
        const { containingType, extensionNumber } = asked.value;
        const message = registry.getMessage(containingType);
        const extension = message && registry.getExtensionFor(message, extensionNumber);
        return fileAnswer(extension?.file, `${containingType}#${extensionNumber}`);
      }
      case "allExtensionNumbersOfType": {
        const extensionNumber = Array.from(registry).flatMap((found) =>
          found.kind === "extension" && found.extendee.typeName === asked.value ? [found.number] : [],
        );
        return {
          case: "allExtensionNumbersResponse",
          value: create(ExtensionNumberResponseSchema, { baseTypeName: asked.value, extensionNumber }),
        };
      }
      case undefined:
        return error(unimplemented, "the request is of no known kind");
    }
  }

  return answer;
}
