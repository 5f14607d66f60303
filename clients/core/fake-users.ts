import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type ConnectRouter,
  type HandlerContext,
} from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/ts-public/google/rpc/error_details_pb.ts";
import {
  UserService,
  type CreateUserRequest,
  type ListUsersResponseSchema,
  type ListUsersRequest,
} from "../../gen/ts-public/koder/identity/v1/user_service_pb.ts";
import { guardTransport } from "./guard-transport.ts";
import { readOptions, type ClientOptions } from "./options.ts";
import type { RetryPolicy } from "./retry-policy.ts";

/** One request as the server saw it. */
export interface Arrived {
  readonly method: string;
  readonly message: unknown;
  readonly header: Headers;
  /** What is left of the caller's deadline, in milliseconds. */
  readonly timeoutMs: number | undefined;
}

export interface FakeUsersOptions {
  /** The n-th request, counted from 1, fails with what this gives; undefined means success. */
  readonly answer?: (n: number, request: Arrived, signal: AbortSignal) => unknown;
  /** The answers of ListUsers, by page token. */
  readonly pages?: Readonly<Record<string, MessageInitShape<typeof ListUsersResponseSchema>>>;
}

/** A user service that answers as a test says, and remembers what arrived. */
export function fakeUsers({ answer = () => undefined, pages = {} }: FakeUsersOptions = {}) {
  const arrived: Arrived[] = [];
  async function arrive(message: unknown, { method, requestHeader, timeoutMs, signal }: HandlerContext): Promise<void> {
    const request = { method: method.name, message, header: new Headers(requestHeader), timeoutMs: timeoutMs() };
    arrived.push(request);
    const failure = await answer(arrived.length, request, signal);
    if (failure !== undefined) throw failure;
  }
  const routes = (router: ConnectRouter) =>
    router.service(UserService, {
      async createUser(request: CreateUserRequest, context) {
        await arrive(request, context);
        return request.user === undefined ? {} : { user: request.user };
      },
      async getUser(request, context) {
        await arrive(request, context);
        return { user: { id: request.userId } };
      },
      async updateUser(request, context) {
        await arrive(request, context);
        return {};
      },
      async listUsers(request: ListUsersRequest, context) {
        await arrive(request, context);
        return pages[request.pageToken] ?? {};
      },
    });
  return { arrived, routes };
}

/** A guarded client of such a service, in memory, and the pauses that it would have made: it makes none. */
export function guardedUsers(fake: ReturnType<typeof fakeUsers>, options: ClientOptions = {}) {
  const pauses: number[] = [];
  const settings = readOptions("https://id.example.com", options);
  const retries = withoutPauses(settings.retries, pauses);
  const transport = guardTransport(createRouterTransport(fake.routes), { ...settings, retries });
  return { users: createClient(UserService, transport), transport, pauses };
}

/** The policy with the smallest jitter, which notes its pauses instead of making them. */
export function withoutPauses(policy: RetryPolicy, pauses: number[]): RetryPolicy {
  return {
    ...policy,
    random: () => 0,
    sleep: async (ms) => {
      pauses.push(ms);
    },
  };
}

/** An error as the server sends it. */
export function refused(
  code: Code,
  reason: string,
  more: {
    readonly retryAfterMs?: number;
    readonly domain?: string;
    readonly violations?: readonly { readonly field: string; readonly description: string }[];
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): ConnectError {
  const { retryAfterMs, domain = "id.koder.dev", violations, headers } = more;
  const error = new ConnectError("refused", code, headers);
  error.details = [
    {
      desc: ErrorInfoSchema,
      value: create(ErrorInfoSchema, {
        reason,
        domain,
        metadata: { id: "KID-IDN-001-ABCDEF", permission: "users.read" },
      }),
    },
  ];
  if (retryAfterMs !== undefined) {
    const retryDelay = { seconds: BigInt(Math.floor(retryAfterMs / 1000)), nanos: (retryAfterMs % 1000) * 1e6 };
    error.details.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) });
  }
  if (violations !== undefined) {
    const value = create(BadRequestSchema, { fieldViolations: violations.map((one) => ({ ...one })) });
    error.details.push({ desc: BadRequestSchema, value });
  }
  return error;
}

/** The error of a server that is away. */
export const away = (retryAfterMs?: number): ConnectError =>
  refused(Code.Unavailable, "UNAVAILABLE", retryAfterMs === undefined ? {} : { retryAfterMs });

/** What a call fails with. Throws when it succeeds. */
export async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  const failure = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof ConnectError)) throw new Error(`expected a ConnectError, got ${String(failure)}`);
  return failure;
}
