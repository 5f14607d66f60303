import { createContextKey, createContextValues, type CallOptions, type HandlerContext } from "@connectrpc/connect";
import { ActorType, ActorTypeSchema, type Actor } from "#gen/koder/events/v1/event_pb.ts";

/** The five services and the gateway: names in service tokens, access options, configuration and logs. */
export const serviceNames = ["gateway", "identity", "auth", "oauth", "session", "admin"] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Who calls, as the access check has proven it. */
export type Caller =
  | { readonly kind: "public" }
  | { readonly kind: "service"; readonly service: ServiceName }
  | {
      readonly kind: "user";
      readonly userId: string;
      readonly clientId: string;
      /** Whether the application is of the house, as its token says; without it, it is somebody else's. */
      readonly firstParty?: boolean;
      readonly sessionId: string;
      readonly scopes: ReadonlySet<string>;
      readonly permissions: ReadonlySet<string>;
      readonly instance: boolean;
      /** Seconds since the epoch. */
      readonly authTime: number;
    }
  | {
      readonly kind: "client";
      /** Set for an access token of the client credentials grant. */
      readonly clientId: string | undefined;
      /** Set for an API key. */
      readonly apiKeyId: string | undefined;
      readonly permissions: ReadonlySet<string>;
      readonly instance: boolean;
    };

/** What a handler knows of the call that it answers. Made by the interceptors, the same for local and remote calls. */
export interface Call {
  /** ULID, or what the gateway was given; in every log line and event that the call causes. */
  readonly requestId: string;
  readonly tenantId: string;
  readonly caller: Caller;
  /** Who is behind it, for events: the caller, or for a service call whom that service acted for. */
  readonly actor: Pick<Actor, "id" | "type">;
  /** Address of the client, as the gateway or the service that calls says; empty when it is not known. */
  readonly clientAddress: string;
  /** Aborts when the caller has gone or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadline: number;
}

/** An actor as one service tells it to the next: `<type>:<id>`, with the type by its name. */
export function writeActor({ id, type }: Call["actor"]): string {
  return `${ActorTypeSchema.value[type]?.localName ?? "UNSPECIFIED"}:${encodeURIComponent(id)}`;
}

const mostActorsKnown = 1_000;
/** The latest actors by what was written of them: one request is several calls. */
const knownActors = new Map<string, Call["actor"]>();

/** Reads what `writeActor` wrote; undefined for anything else. */
export function readActor(text: string): Call["actor"] | undefined {
  const known = knownActors.get(text);
  if (known !== undefined) return known;
  const actor = parseActor(text);
  if (actor === undefined) return undefined;
  if (knownActors.size >= mostActorsKnown) knownActors.clear();
  knownActors.set(text, Object.freeze(actor));
  return actor;
}

function parseActor(text: string): Call["actor"] | undefined {
  const [name = "", id] = text.split(":");
  const type = ActorTypeSchema.values.find(({ localName }) => localName === name)?.number;
  if (type === undefined || id === undefined || !/^[\w.~%-]*$/.test(id)) return undefined;
  try {
    return { id: decodeURIComponent(id), type: type as ActorType };
  } catch {
    return undefined; // not percent-encoded as we do it
  }
}

/** Where the interceptors leave the call for the handler. */
export const callKey = createContextKey<Call | undefined>(undefined, { description: "koder call" });

/** The call that a handler answers. Throws when no interceptor made one: a wiring fault, never a caller's. */
export function callOf(context: Pick<HandlerContext, "values">): Call {
  const call = context.values.get(callKey);
  if (call === undefined) throw new Error("the handler was reached without the interceptors of the host");
  return call;
}

/** What a call to a peer hands on. */
export type Outbound = Pick<Call, "requestId" | "tenantId" | "actor" | "deadline"> & {
  readonly signal?: AbortSignal | undefined;
  /** Address of the client behind it, where one is. */
  readonly clientAddress?: string;
  /** The user's own credential, as received in `Authorization`; only the gateway hands it on. */
  readonly authorization?: string;
  /** The DPoP proof that came with it, and `<method> <path>` of the HTTP request; only the gateway hands them on. */
  readonly dpop?: { readonly proof: string; readonly target: string };
  /** `X-Koder-Tenant` as received; only the gateway hands it on, and the callee decides whether it may be there. */
  readonly tenantHeader?: string;
};

/** Where the peer transport finds what to hand on. */
export const outboundKey = createContextKey<Outbound | undefined>(undefined, { description: "koder outbound" });

/** Options for a call to a peer within the call `from`: same request id, tenant, actor and deadline. */
export function forward(from: Outbound): CallOptions {
  return {
    contextValues: createContextValues().set(outboundKey, from),
    ...(from.signal === undefined ? {} : { signal: from.signal }),
  };
}

/** What stands in for a call in work that nobody called for: start-up, sweepers, schedules. */
export function ownWork(work: {
  service: ServiceName;
  tenantId: string;
  requestId: string;
  deadline: number;
}): Outbound {
  return { ...work, actor: { id: work.service, type: ActorType.SERVICE } };
}
