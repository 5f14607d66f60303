import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { RenderedMailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { atMost } from "./at-most.ts";
import { MailNotSent } from "./mail-transport.ts";

test("A27: a server that hangs has so many mails and no more, and others again when it goes on", async () => {
  const { promise, reject } = Promise.withResolvers<void>();
  let answer = promise;
  const transport = atMost(2, { send: () => answer, close: () => Promise.resolve() });
  const send = (id: string) =>
    transport.send(create(RenderedMailSchema), { tenantId: "t1", id }).then(
      () => "sent",
      (error: unknown) => (error instanceof MailNotSent ? error.fault : String(error)),
    );
  const [first, second] = [send("1"), send("2")];
  expect(await send("3")).toBe("busy");
  reject(new MailNotSent("etimedout", false));
  expect(await Promise.all([first, second])).toEqual(["etimedout", "etimedout"]);
  answer = Promise.resolve();
  expect(await Promise.all([send("1"), send("2"), send("3")])).toEqual(["sent", "sent", "busy"]);
});
