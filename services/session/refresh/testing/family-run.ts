import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { InspectRefreshTokenRequestSchema } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { CheckTokenRequestSchema } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { handlerContext } from "../../../host/testing/handler-context.ts";
import type { SessionDependencies } from "../../dependencies.ts";
import { checkToken } from "../../revocation/check-token.ts";
import { inspectRefreshToken } from "../inspect-refresh-token.ts";
import { begin, perform, type Begun } from "./family-acts.ts";
import { backUp, restore } from "./family-backup.ts";
import { isAlive, isGood, limits, step, type ModelState, type Operation, type Outcome } from "./family-model.ts";
import type { Replicas } from "./family-replicas.ts";
import { type Act, type Round } from "./family-rounds.ts";

/** How many of a family's newest tokens are looked at after each round. */
const looked = 3;

/**
 * Does what a run says, in a tenant of its own, and after each round compares what everybody sees with the model. What
 * happens at the same moment must be explained by some order of it. `tally` is told of every outcome.
 */
export async function follow(
  { time, all }: Replicas,
  tenantId: string,
  run: readonly Round[],
  tally: (outcome: Outcome) => void,
): Promise<void> {
  time.now = Date.UTC(2026, 0, 1);
  const context = handlerContext({ tenantId });
  const begun = await begin(all[0], context);
  const given = new Map(begun.families.flatMap(({ tokens }) => tokens.map((token) => [token, 0])));
  let states: readonly ModelState[] = [beginning(begun, time.now)];
  let backup = { rows: await backUp(all[0].store, tenantId), states };
  for (const [index, round] of run.entries()) {
    if (round.do === "back up") {
      backup = { rows: await backUp(all[0].store, tenantId), states };
    } else if (round.do === "restore the backup") {
      await restore(all[1].store, tenantId, backup.rows);
      states = backup.states;
    } else {
      time.now += round.elapsed;
      const done = await Promise.all(
        round.acts.map(async (act) => {
          const operation = operationOf(act, begun);
          const replica = act.replica === 0 ? all[0] : all[1];
          return { operation, outcome: await perform(replica, context, begun, operation) };
        }),
      );
      const moment = { now: time.now, given, exactly: done.length === 1 };
      states = states.flatMap((state) => explanations(state, done, moment));
      for (const { operation, outcome } of done) {
        tally(outcome);
        if (outcome !== "done" && "gave" in outcome && !given.has(outcome.gave) && operation.do === "refresh") {
          const place = states[0]?.families[operation.family]?.tokens.indexOf(outcome.gave);
          given.set(outcome.gave, place ?? 0);
          begun.families[operation.family]?.tokens.push(outcome.gave);
        }
      }
    }
    const seen = JSON.stringify(await observe(index % 2 === 0 ? all[0] : all[1], context, begun));
    const explained = states.filter((state) => JSON.stringify(expectedOf(state, begun, time.now)) === seen);
    if (explained.length === 0)
      throw new Error(`nothing explains what is seen after ${JSON.stringify(round)}: ${seen}`);
    states = [...new Map(explained.map((state) => [JSON.stringify(state), state])).values()];
  }
}

const beginning = ({ families, sessions }: Begun, now: number): ModelState => ({
  families: families.map(({ kind, tokens }) => ({
    ...kind,
    tokens: [...tokens],
    begunAt: now,
    rotatedAt: now,
    over: false,
  })),
  sessionsUntil: Object.fromEntries(Object.keys(sessions).map((name) => [name, now + limits.session])),
});

/** An act with the token that it means as things stand before the round. */
function operationOf(act: Act, { families }: Begun): Operation {
  if (act.do !== "refresh" && act.do !== "revoke") return act;
  const tokens = families[act.family]?.tokens ?? [];
  const token = act.back === undefined ? undefined : tokens[Math.max(0, tokens.length - 1 - act.back)];
  return act.do === "revoke" ? { ...act, token } : { ...act, token: token ?? "" };
}

/** The states after each order of what was done in which every caller learns what it learned. */
function explanations(
  before: ModelState,
  done: readonly { readonly operation: Operation; readonly outcome: Outcome }[],
  moment: Parameters<typeof step>[3],
): ModelState[] {
  if (done.length === 0) return [before];
  return done.flatMap(({ operation, outcome }, first) => {
    const after = step(before, operation, outcome, moment);
    return after === undefined
      ? []
      : explanations(
          after,
          done.filter((_, index) => index !== first),
          moment,
        );
  });
}

/** What access tokens and the newest refresh tokens of each family are good for, at a replica. */
function observe(replica: SessionDependencies, context: HandlerContext, { families }: Begun): Promise<unknown> {
  return Promise.all(
    families.map(async ({ kind, grantId, tokens }) => {
      const access = create(CheckTokenRequestSchema, { clientId: kind.client, grantId });
      const { active } = await checkToken(replica)(access, context);
      const good = tokens.slice(-looked).map(async (refreshToken) => {
        const request = create(InspectRefreshTokenRequestSchema, { refreshToken });
        return (await inspectRefreshToken(replica)(request, context)).grant !== undefined;
      });
      return { active, good: await Promise.all(good) };
    }),
  );
}

/** The same by the model. */
const expectedOf = (state: ModelState, { families }: Begun, now: number): unknown =>
  state.families.map((family, at) => ({
    active: isAlive(state, family, now),
    good: (families[at]?.tokens ?? []).slice(-looked).map((token) => isGood(state, family, token, now)),
  }));
