#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { commands } from "./commands.ts";
import { runCommand } from "./run-command.ts";

const { env, stdout: out, stderr: err } = process;
process.exitCode = await runCommand(commands, process.argv.slice(2), { env, out, err });
