import { once } from "node:events";

/** The inspector of another process. */
export interface Inspector {
  send(method: string, params?: object): Promise<unknown>;
  close(): void;
}

/** Connects to the inspector that listens on a port of loopback: https://chromedevtools.github.io/devtools-protocol/v8/ */
export async function openInspector(at: number): Promise<Inspector> {
  const list = (await (await fetch(`http://127.0.0.1:${at}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(list[0]?.webSocketDebuggerUrl ?? "");
  await once(socket, "open");
  const waiting = new Map<number, (result: unknown) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) waiting.get(id)?.(result);
  });
  let sent = 0;
  return {
    send(method, params = {}) {
      sent += 1;
      const id = sent;
      socket.send(JSON.stringify({ id, method, params }));
      return new Promise((resolve) => void waiting.set(id, resolve));
    },
    close: () => socket.close(),
  };
}
