import type { DescField, DescFile, DescMessage, DescMethod, DescService } from "@bufbuild/protobuf";

/** A rule of the contract: what breaks it among the files, each as one sentence that names the place. */
export type Rule = (files: readonly DescFile[]) => string[];

/** The services of the files. */
export function servicesOf(files: readonly DescFile[]): DescService[] {
  return files.flatMap((file) => file.services);
}

/** The methods of the files. */
export function methodsOf(files: readonly DescFile[]): DescMethod[] {
  return servicesOf(files).flatMap((service) => service.methods);
}

/** The full name of a method, as it is called. */
export function methodName(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

/** The full name of a field. */
export function fieldName(field: DescField): string {
  return `${field.parent.typeName}.${field.name}`;
}

/** Whether a file holds RPCs between services. */
export function isInternal(file: DescFile): boolean {
  return file.name.endsWith("_internal");
}

/** Whether a file says what a service stores; such messages are never on the wire. */
export function isStored(file: DescFile): boolean {
  return /^koder\/\w+\/store\//.test(file.name);
}

/** The messages of the files, nested ones included, without the entries of maps. */
export function messagesOf(files: readonly DescFile[]): DescMessage[] {
  const withNested = (message: DescMessage): DescMessage[] => [
    message,
    ...message.nestedMessages.flatMap((nested) => withNested(nested)),
  ];
  return files.flatMap((file) => file.messages).flatMap((message) => withNested(message));
}

/** Every message of this project that a request can hold. */
export function requestMessages(files: readonly DescFile[]): DescMessage[] {
  const found = new Set<DescMessage>();
  const visit = (message: DescMessage): void => {
    if (found.has(message) || !message.typeName.startsWith("koder.")) return;
    found.add(message);
    for (const field of message.fields) if (field.message !== undefined) visit(field.message);
  };
  for (const method of methodsOf(files)) visit(method.input);
  return [...found];
}
