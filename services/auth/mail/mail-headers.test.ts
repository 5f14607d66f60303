import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { RenderedMailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { mailHeaders } from "./mail-headers.ts";

test("a server is given addresses in ASCII, whichever way their domains are written", () => {
  const mail = create(RenderedMailSchema, { to: "Ana@MÜNCHEN.example", replyTo: "help@bücher.example" });
  expect(mailHeaders(mail, { id: "01JMAIL", sender: "no-reply@zürich.example" })).toMatchObject({
    messageId: "<01jmail@xn--zrich-kva.example>",
    to: { address: "Ana@xn--mnchen-3ya.example" },
    replyTo: { address: "help@xn--bcher-kva.example" },
  });
});
