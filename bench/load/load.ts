import { allCollections } from "../../services/assembly/data.ts";
import { openStore } from "../../services/store/open-store.ts";
import { loadStore } from "./load-store.ts";

// node bench/load/load.ts <store URL> <tenants> <users>: fills a store on which a server has started once.

const [url = "", tenants, users] = process.argv.slice(2);
const population = { tenants: Number(tenants), users: Number(users) };
if (!(population.tenants >= 1 && population.users >= population.tenants)) {
  process.stderr.write("say a store's URL, how many tenants (1 or more), and how many users (as many or more)\n");
  process.exit(2);
}
const began = performance.now();
const tell = (what: string): void =>
  void process.stdout.write(`${what}, ${((performance.now() - began) / 1000).toFixed(0)} s\n`);

const store = await openStore({ url, collections: allCollections, clock: Date.now });
try {
  let told = 0;
  await loadStore(store, population, (made) => {
    if (made - told < 100_000) return;
    told = made;
    tell(`  ${made} users`);
  });
} finally {
  await store.close();
}
tell(`  ${population.tenants} tenants and ${population.users} users are there`);
