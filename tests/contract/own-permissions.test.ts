import { getOption } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { access } from "../../gen/ts/koder/options/v1/access_pb.ts";
import { publicServices } from "../../services/gateway/public-services.ts";
import { everyPermission } from "../../services/host/held-permissions.ts";
import { ownPermissions, permissionsAmong } from "../../services/host/own-permissions.ts";

test("the permissions that scopes are compared with are those that calls need", () => {
  const needed = publicServices.flatMap(({ methods }) => methods.map((method) => getOption(method, access).permission));
  expect([...ownPermissions].toSorted()).toEqual([...new Set([everyPermission, ...needed])].filter(Boolean).toSorted());
});

test("scopes of people and of APIs permit nothing here", () => {
  expect(permissionsAmong(["openid", "roles", "posts.write", "users.write", "*"])).toEqual(["users.write", "*"]);
});
