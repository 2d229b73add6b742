/** A server that keeps what it was asked and answers what the test wants: the auto-scaling function's stand-in. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Asked = { url: string; headers: Record<string, unknown>; body: unknown };

export type TestServer = {
  readonly url: string;
  readonly asked: Asked[];
  /** What the next requests are answered; "drop" cuts the connection, "never" keeps it. */
  answer: { status: number; text: string } | "drop" | "never";
  close(): Promise<void>;
};

export async function startTestServer(): Promise<TestServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString() || "null");
      self.asked.push({ url: request.url ?? "", headers: request.headers, body });
      if (self.answer === "never") return;
      if (self.answer === "drop") return void request.socket.destroy();
      response.writeHead(self.answer.status, { "content-type": "application/json" }).end(self.answer.text);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const self: TestServer = {
    url: `http://127.0.0.1:${port}`,
    asked: [],
    answer: { status: 200, text: "{}" },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
  return self;
}
