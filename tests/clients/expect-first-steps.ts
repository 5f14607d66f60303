import { expect } from "vitest";

/** Expects the output of a client's example: the same steps with every client, and no secret. */
export function expectFirstSteps(output: string, secrets: readonly string[]): void {
  const [, username = ""] = /^created user (ada-\w+) with the id [0-7][0-9A-HJKMNP-TV-Z]{25}$/m.exec(output) ?? [];
  expect(username, output).not.toBe("");
  expect(output).toContain(`the username ${username} is taken\n`);
  expect(output).toMatch(/^created client \S+$/m);
  expect(output).toContain("signed in by client credentials\n");
  expect(output).toContain("the client lacks the permission users.read\n");
  expect(output).toContain(`found ${username} in the list\n`);
  expect(output).toMatch(/^listed \d+ users$/m);
  expect(output).toMatch(/^USERNAME_NOT_ALLOWED: user\.username .+$/m);
  for (const secret of secrets) expect(output).not.toContain(secret);
}

/** How many users the example listed. */
export const listedUsers = (output: string): number => Number(/^listed (\d+) users$/m.exec(output)?.[1]);
