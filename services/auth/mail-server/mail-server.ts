import { create } from "@bufbuild/protobuf";
import type {
  MailServer as StoredServer,
  MailServerSchema as StoredServerSchema,
} from "#gen/koder/auth/store/v1/mail_server_pb.ts";
import { MailServerSchema, MailServerTls, type MailServer } from "#gen/koder/auth/v1/mail_server_pb.ts";
import { tenantRecordEtag } from "../../host/tenant-record.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { versionOfBox } from "../../vault/sealed-box.ts";
import type { Vault } from "../../vault/vault.ts";
import { mailServerId, mailServers } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** The ports at which mail is handed over, by RFC 6409 §3.1, RFC 8314 §3.3, and where providers take it besides. */
export const mailPorts = [25, 465, 587, 2525] as const;

/** A tenant's mail server as it is connected to. */
export interface OwnServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte on; otherwise by STARTTLS, before anything is said. */
  readonly isTls: boolean;
  /** Undefined where the server wants none. */
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
  readonly senderAddress: string;
}

type Read = Stored<typeof StoredServerSchema> | undefined;

/** A tenant's mail server as it is kept; undefined while there is none. */
export const readMailServer = (data: TenantStore): Promise<Read> => data.get(mailServers, mailServerId);

/** Whether mails of a tenant go out, by its own server or the operator's. */
export const mailsGoOut = async (
  { operatorsMail }: Pick<AuthDependencies, "operatorsMail">,
  data: TenantStore,
): Promise<boolean> => operatorsMail || ((await readMailServer(data))?.record.host ?? "") !== "";

/** Where a sealed password belongs. */
export const passwordPlace = { collection: mailServers.name, id: mailServerId, field: "sealed_password" };

const isImplicit = ({ tls }: Pick<StoredServer, "tls">): boolean => tls === (MailServerTls.IMPLICIT as number);

/** The port, the usual one where none is said. */
export const portOf = (server: Pick<StoredServer, "port" | "tls">): number =>
  server.port || (isImplicit(server) ? 465 : 587);

/** A mail server as administrators see it: what is usual written out, and no password. */
export function mailServerMessage(stored: Read): MailServer {
  const etag = tenantRecordEtag(stored);
  const { host = "", userName = "", senderAddress = "", sealedPassword, updateTime } = stored?.record ?? {};
  return create(MailServerSchema, {
    etag,
    host,
    userName,
    senderAddress,
    passwordSet: (sealedPassword?.length ?? 0) > 0,
    ...(stored === undefined || host === ""
      ? {}
      : {
          port: portOf(stored.record),
          tls: isImplicit(stored.record) ? MailServerTls.IMPLICIT : MailServerTls.STARTTLS,
        }),
    ...(updateTime === undefined ? {} : { updateTime }),
  });
}

/** Opens a tenant's own mail server; undefined where it has none. */
export async function openMailServer(data: TenantStore, vault: Vault): Promise<OwnServer | undefined> {
  const stored = await readMailServer(data);
  if (stored === undefined || stored.record.host === "") return undefined;
  const { host, userName: user, senderAddress, sealedPassword } = stored.record;
  return {
    host,
    port: portOf(stored.record),
    isTls: isImplicit(stored.record),
    credentials: user === "" ? undefined : { user, password: await opened(data.tenantId, vault, sealedPassword) },
    senderAddress,
  };
}

async function opened(tenantId: string, vault: Vault, sealed: Uint8Array): Promise<string> {
  const tenantVault = await vault.tenant(tenantId, versionOfBox(sealed));
  return Buffer.from(tenantVault.open(passwordPlace, sealed)).toString("utf8");
}
