import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clone, equals, fromBinary, type DescFile, type Message } from "@bufbuild/protobuf";
import {
  file_google_protobuf_descriptor,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { expect, test } from "vitest";
import { mustRun } from "../run-program.ts";
import { printProto } from "./print-proto.ts";

/** Leaves out what compilers add or write in their own order, and nothing that a message means. */
function normalized(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  const plainField = (field: FieldDescriptorProto): void => {
    field.jsonName = "";
    const options: Message | undefined = field.options;
    options?.$unknown?.sort((a, b) => a.no - b.no);
  };
  const plainMessage = (message: DescriptorProto): void => {
    [...message.field, ...message.extension].forEach((field) => plainField(field));
    message.nestedType.forEach((nested) => plainMessage(nested));
  };
  copy.messageType.forEach((message) => plainMessage(message));
  copy.extension.forEach((field) => plainField(field));
  delete copy.sourceCodeInfo;
  delete copy.$unknown;
  return Object.assign(copy, { name: "", syntax: copy.syntax === "proto2" ? "" : copy.syntax });
}

async function printedAndCompiled(file: DescFile): Promise<FileDescriptorProto> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-print-"));
  try {
    writeFileSync(join(folder, "printed.proto"), printProto(file));
    await mustRun("buf", ["build", folder, "-o", join(folder, "image.binpb")]);
    const image = fromBinary(FileDescriptorSetSchema, readFileSync(join(folder, "image.binpb")));
    const compiled = image.file.find(({ name }) => name === "printed.proto");
    if (compiled === undefined) throw new Error("the printed file is not in the image");
    return compiled;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("protovalidate's rules, printed and compiled again, are the same", async () => {
  const compiled = await printedAndCompiled(file_buf_validate_validate);
  expect(equals(FileDescriptorProtoSchema, normalized(compiled), normalized(file_buf_validate_validate.proto))).toBe(
    true,
  );
});

test("a file in an edition is refused", () => {
  const { proto } = file_google_protobuf_descriptor;
  const file = { ...file_google_protobuf_descriptor, proto: { ...proto, syntax: "editions" } };
  expect(() => printProto(file)).toThrow("editions is not printed");
});
