import type { Part } from "../part.ts";
import { passkeys } from "./passkeys.ts";
import { processes } from "./processes.ts";
import { scale } from "./scale.ts";
import { sequencer } from "./sequencer.ts";
import { shapes } from "./shapes.ts";
import { signIns } from "./sign-ins.ts";
import { start } from "./start.ts";
import { tokens } from "./tokens.ts";

/** The parts, in the order in which they run. */
export const parts: readonly Part[] = [tokens, shapes, processes, sequencer, scale, signIns, passkeys, start];
