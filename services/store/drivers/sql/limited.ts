/**
 * The end of a statement that takes a number of rows. SQLite looks at parameters that may decide about its plan, a limit's and
 * those that an order makes equal, and compiles the statement anew whenever another value is bound: that is half of what a page
 * costs. Into a CAST it does not look.
 */
export const limited = "LIMIT CAST(? AS BIGINT)";
