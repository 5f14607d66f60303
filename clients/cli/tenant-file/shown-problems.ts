import type { JsonObject } from "@bufbuild/protobuf";
import { shownLineFault, shownTextViolations } from "../../../services/host/shown-line.ts";
import type { ListCreation, ListUpdate, SingleChange } from "./plan.ts";
import type { Path, Problem } from "./problem.ts";
import { lists, singles, type ShownFields } from "./sections.ts";

/**
 * What a change would have people shown, and what cannot be: the server refuses it, when what comes before it in the file is done
 * already. What there was before, and the server does not look at, may stay.
 */
export function shownProblems(change: ListCreation | ListUpdate | SingleChange, path: Path): readonly Problem[] {
  if (change.action === "create") return problemsIn(lists[change.key].shown, change.declared.json, path);
  const isList = "links" in change;
  if (isList && change.fields.length === 0) return [];
  const { shown } = isList ? lists[change.key] : singles[change.key];
  const isWhole = isList && lists[change.key].checkedWhole === true && !isDisabledAlone(change);
  const written = Object.entries(change.json).filter(([name]) => isWhole || change.fields.includes(name));
  return problemsIn(shown, Object.fromEntries(written), path);
}

/** A client is disabled whatever else is wrong with it. */
const isDisabledAlone = ({ key, json, fields }: ListUpdate): boolean =>
  key === "clients" && json["disabled"] === true && fields.every((field) => field === "disabled");

function problemsIn(shown: ShownFields | undefined, json: JsonObject, path: Path): readonly Problem[] {
  return Object.entries(shown ?? {}).flatMap(([name, form]): readonly Problem[] => {
    const [value, here] = [json[name], [...path, name]];
    if (typeof form === "object") {
      const items = Array.isArray(value) ? (value as JsonObject[]) : [];
      return items.flatMap((item, at) => problemsIn(form, item, [...here, at]));
    }
    if (typeof value !== "string") return [];
    const description = form === "line" ? shownLineFault(value) : shownTextViolations(name, value)[0]?.description;
    return description === undefined ? [] : [{ path: here, description }];
  });
}
