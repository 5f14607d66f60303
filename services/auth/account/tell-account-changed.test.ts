import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { PersonalAccessTokenCreatedSchema, type Event } from "#gen/koder/events/v1/event_pb.ts";
import { eventOf } from "../../host/event.ts";
import { administrator, factorFixture } from "../factors/factor-fixture.ts";
import { tellAccountChanged } from "./tell-account-changed.ts";

async function withNews() {
  const f = await factorFixture();
  const { handle } = tellAccountChanged(f.dependencies);
  let read = 0;
  /** As the reader of the log gives them: those that were not given yet. */
  const tell = async (more: readonly Event[] = []) => {
    const events = [...(await f.events()).slice(read), ...more];
    read += events.length - more.length;
    await handle(events.map((event, at) => ({ tenantId: "t1", number: at + 1, position: at + 1, event })));
    await f.sendMails();
    return f.mails.splice(0).map(({ to, subject }) => [to, subject]);
  };
  return { f, tell };
}

test("a person is told of a factor that came or went, whoever did it, and once of several", async () => {
  const { f, tell } = await withNews();
  const { email } = f.ana;
  await f.app("phone");
  expect(await tell()).toEqual([[email, "A way to sign in was added to your account"]]);
  await f.app("tablet");
  await tell();
  await f.reset(f.ana.id, administrator());
  expect(await tell()).toEqual([[email, "A way to sign in was removed from your account"]]);
  expect(await tell()).toEqual([]);
});

test("a person is told of an access token, in their language; nobody of what is old, or of who is gone", async () => {
  const { f, tell } = await withNews();
  const made = (userId: string) =>
    eventOf(
      { requestId: "r", tenantId: "t1", actor: administrator().actor },
      f.dependencies.clock(),
      { type: "personal_access_token", id: "token", version: 1 },
      { case: "personalAccessTokenCreated", value: create(PersonalAccessTokenCreatedSchema, { userId }) },
    );
  f.ana.locale = "es";
  const event = made(f.ana.id);
  expect(await tell([event, made("01JN0B0DY00000000000000000")])).toEqual([
    [f.ana.email, "Se creó un token de acceso para tu cuenta"],
  ]);
  f.advance(24 * 60 * 60_000);
  expect(await tell([event])).toEqual([]);
});
