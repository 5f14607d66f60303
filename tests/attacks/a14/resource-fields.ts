import { getOption, type DescField, type DescMessage, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { access, Target } from "../../../gen/ts/koder/options/v1/access_pb.ts";

/** A call of the public contract. */
export interface PublicCall {
  /** `koder.identity.v1.UserService/GetUser` */
  readonly name: string;
  readonly method: DescMethod;
  readonly target: Target;
  /** Its fields that name a resource, as paths of JSON names: `user_id` as `userId`, nested ones with dots. */
  readonly fields: readonly string[];
}

/** Names a resource: but for `request_id`, which is the caller's own. */
const namesResource = ({ name }: DescField): boolean => /(?:^|_)ids?$/.test(name) && name !== "request_id";

/** What the server sets in a resource that is sent: its own id. A client's is chosen by whoever creates it. */
const isSetByServer = (path: readonly DescField[]): boolean => path.length > 1 && path.at(-1)?.name === "id";

function fieldsOf(message: DescMessage, before: readonly DescField[] = []): string[] {
  return message.fields.flatMap((field) => {
    const path = [...before, field];
    const isText = field.fieldKind === "scalar" || (field.fieldKind === "list" && field.listKind === "scalar");
    if (isText && namesResource(field) && !isSetByServer(path)) return [path.map(({ jsonName }) => jsonName).join(".")];
    const isOurs = field.fieldKind === "message" && field.message.typeName.startsWith("koder.");
    return isOurs && !before.includes(field) ? fieldsOf(field.message, path) : [];
  });
}

/** Every call of these services, with the fields by which somebody might reach for what is another's. */
export const publicCalls = (services: readonly DescService[]): readonly PublicCall[] =>
  services.flatMap((service) =>
    service.methods.flatMap((method) =>
      method.methodKind === "unary"
        ? {
            name: `${service.typeName}/${method.name}`,
            method,
            target: getOption(method, access).target,
            fields: fieldsOf(method.input),
          }
        : [],
    ),
  );
