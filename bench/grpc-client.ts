import { connect, type ClientHttp2Session } from "node:http2";
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";

/** Calls over one gRPC connection. */
export interface GrpcClient {
  /** A unary call. Rejects unless its status is OK. */
  call<Input extends DescMessage, Output extends DescMessage>(
    method: DescMethod & { readonly input: Input; readonly output: Output },
    message: MessageInitShape<Input>,
  ): Promise<MessageShape<Output>>;
  close(): void;
}

/**
 * A client that spends as little as it can on a call, because it has the same cores as the server: frames as in
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, no compression. `address` is `host:port`.
 */
export function grpcClient(address: string, apiKey: string): GrpcClient {
  let session: ClientHttp2Session | undefined;
  function connection(): ClientHttp2Session {
    if (session === undefined || session.closed || session.destroyed) {
      session = connect(`http://${address}`);
      session.on("error", () => undefined); // the calls on it reject
    }
    return session;
  }
  return {
    call(method, message) {
      const bytes = toBinary(method.input, create(method.input, message));
      const frame = Buffer.alloc(5 + bytes.length);
      frame.writeUInt32BE(bytes.length, 1);
      frame.set(bytes, 5);
      return new Promise((resolve, reject) => {
        const stream = connection().request({
          ":method": "POST",
          ":path": `/${method.parent.typeName}/${method.name}`,
          "content-type": "application/grpc",
          te: "trailers",
          authorization: `Bearer ${apiKey}`,
        });
        const chunks: Buffer[] = [];
        let status: unknown;
        let why: unknown;
        const note = (headers: Readonly<Record<string, unknown>>): void => {
          status = headers["grpc-status"] ?? status;
          why = headers["grpc-message"] ?? why;
        };
        stream.on("response", note);
        stream.on("trailers", note);
        stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
        stream.on("error", reject);
        stream.on("end", () => {
          if (status !== "0") return reject(new Error(`${method.name} answered ${String(status)}: ${String(why)}`));
          resolve(fromBinary(method.output, Buffer.concat(chunks).subarray(5)));
        });
        stream.end(frame);
      });
    },
    close: () => session?.close(),
  };
}
