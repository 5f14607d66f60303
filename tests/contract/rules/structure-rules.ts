import type { DescEnum, DescFile, DescMessage } from "@bufbuild/protobuf";
import { isPublicFile } from "../../../tools/protos/public-files.ts";
import { isInternal, isStored, type Rule } from "./rule.ts";

/** Every enum begins with a value for "not said", which nothing means anything by. */
export const everyEnumStartsUnspecified: Rule = (files) =>
  enumsOf(files)
    .filter(({ values: [zero] }) => zero?.number !== 0 || !zero.name.endsWith("_UNSPECIFIED"))
    .map((type) => `${type.typeName}: the zero value is not called …_UNSPECIFIED`);

function enumsOf(files: readonly DescFile[]): DescEnum[] {
  const nested = (message: DescMessage): DescEnum[] => [
    ...message.nestedEnums,
    ...message.nestedMessages.flatMap((inner) => nested(inner)),
  ];
  return files.flatMap((file) => [...file.enums, ...file.messages.flatMap((message) => nested(message))]);
}

/** What is stored is never on the wire, and what is public does not need what is internal. */
export const packagesKeepTheirPlaces: Rule = (files) =>
  files.flatMap((file) => {
    const problems = file.dependencies.flatMap((dependency) => {
      if (isStored(dependency) && !isStored(file)) return [`imports ${dependency.name}, which is only stored`];
      if (isInternal(dependency) && isPublicFile(`${file.name}.proto`))
        return [`imports ${dependency.name}, which is internal`];
      return [];
    });
    if (isStored(file) && file.services.length > 0) problems.push("has a service among what is stored");
    return problems.map((problem) => `${file.name}: ${problem}`);
  });
