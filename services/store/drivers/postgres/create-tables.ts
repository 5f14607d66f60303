/** Number of the layout of the tables around the collections. */
export const layout = 1;

const safe = 2 ** 53 - 1;

/**
 * The tables that every store has, each made unless it is there. Text compares by code point; integers are what JavaScript
 * can count with. `commits` holds the markers of transactions: `done` is 0 when somebody found that one never happened.
 */
export const tables: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS layout (id bigint PRIMARY KEY, number bigint NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS leases (
    name text COLLATE "C" PRIMARY KEY, holder text COLLATE "C" NOT NULL, fence bigint NOT NULL, expires bigint NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS shapes (
    collection text COLLATE "C" NOT NULL, number bigint NOT NULL, columns text COLLATE "C" NOT NULL,
    PRIMARY KEY (collection, number))`,
  `CREATE TABLE IF NOT EXISTS counters (
    tenant text COLLATE "C" NOT NULL, name text COLLATE "C" NOT NULL,
    value bigint NOT NULL CHECK (value BETWEEN -${safe} AND ${safe}), expires bigint NOT NULL,
    PRIMARY KEY (tenant, name))`,
  `CREATE INDEX IF NOT EXISTS "counters.expires" ON counters (expires)`,
  `CREATE TABLE IF NOT EXISTS outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant text COLLATE "C" NOT NULL, data bytea NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS log (
    position bigint PRIMARY KEY, tenant text COLLATE "C" NOT NULL, number bigint NOT NULL, data bytea NOT NULL)`,
  `CREATE UNIQUE INDEX IF NOT EXISTS "log.number" ON log (tenant, number)`,
  `CREATE TABLE IF NOT EXISTS log_ends (tenant text COLLATE "C" PRIMARY KEY, number bigint NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS commits (
    id text COLLATE "C" PRIMARY KEY, expires bigint NOT NULL, done bigint NOT NULL, value bigint)`,
  `CREATE INDEX IF NOT EXISTS "commits.expires" ON commits (expires)`,
  `CREATE TABLE IF NOT EXISTS health (id bigint PRIMARY KEY, time bigint NOT NULL)`,
];
