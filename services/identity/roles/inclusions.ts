import { create } from "@bufbuild/protobuf";
import { GraphSchema } from "#gen/koder/identity/store/v1/role_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { triedAgain } from "../../host/change-latest.ts";
import { failure } from "../../host/failure.ts";
import { Conflict, type TenantStore, type Write } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { graphs } from "../collections.ts";

/**
 * What a change of inclusions adds to its commit, so that of two at once only one is made: each alone may be good, and both
 * together close a circle. To be called before what includes what is read.
 */
export async function oneInclusionAtATime(data: TenantStore, graph: "roles" | "groups"): Promise<Write> {
  const stored = await data.get(graphs, graph);
  return stored === undefined
    ? insert(graphs, create(GraphSchema, { id: graph, changes: 1n }))
    : replace(graphs, create(GraphSchema, { id: graph, changes: stored.record.changes + 1n }), stored.version);
}

/**
 * Makes a change of inclusions, and all of it again where another one was made at the same moment, beside which it may be good as well.
 * Throws CONFLICT where others were always faster.
 */
export async function besideOtherInclusions<Answer>(change: () => Promise<Answer>): Promise<Answer> {
  try {
    return await triedAgain(change, isInclusionRace);
  } catch (error) {
    if (!isInclusionRace(error)) throw error;
    throw failure(
      ErrorReason.CONFLICT,
      "others changed what includes what at the same moment, again and again; repeat the call",
    );
  }
}

const isInclusionRace = (error: unknown): boolean => error instanceof Conflict && error.collection === graphs.name;
