import type { SwiftConfig } from "../../../server/objstore/bucket-config.ts";
import { HttpClient } from "../../../server/objstore/http-client.ts";
import { logIn } from "../../../server/objstore/swift-auth.ts";
import { startSwift, type SwiftServer } from "./swift-server.ts";

/** A container of Swift, and the server that keeps it. */
export interface SwiftContainer {
  readonly server: SwiftServer;
  readonly config: SwiftConfig;
}

/** Starts Swift with its own users and makes a container in it. */
export async function startSwiftVersion1(): Promise<SwiftContainer> {
  const server = await startSwift({ keystone: false });
  const config: SwiftConfig = {
    containerName: "urd-blocks",
    authUrl: `http://127.0.0.1:${server.port}/auth/v1.0`,
    username: "test:tester",
    password: "testing",
  };
  await makeContainer(config);
  return { server, config };
}

/** Starts Swift and Keystone, tells Keystone of Swift, and makes a container. */
export async function startSwiftVersion3(): Promise<SwiftContainer> {
  const server = await startSwift({ keystone: true });
  const authUrl = `http://127.0.0.1:${server.keystonePort}/v3`;
  const config: SwiftConfig = {
    containerName: "urd-blocks",
    authUrl,
    username: "admin",
    password: "secret",
    projectName: "admin",
    userDomainName: "Default",
    projectDomainId: "default",
    regionName: "region-one",
  };
  await addToCatalogue(authUrl, server.port);
  await makeContainer(config);
  return { server, config };
}

async function makeContainer(config: SwiftConfig): Promise<void> {
  const call = { signal: AbortSignal.timeout(60_000), address: "test" };
  const http = new HttpClient();
  const { token, storageUrl } = await logIn(config, http, call);
  http.close();
  await ask(`${storageUrl}/${config.containerName}`, { method: "PUT", token });
}

/** Keystone's catalogue must say where Swift is: a service, and an address in a region. */
async function addToCatalogue(authUrl: string, swiftPort: number): Promise<void> {
  const user = { name: "admin", password: "secret", domain: { id: "default" } };
  const identity = { methods: ["password"], password: { user } };
  const scope = { project: { name: "admin", domain: { id: "default" } } };
  const login = await ask(`${authUrl}/auth/tokens`, { body: { auth: { identity, scope } } });
  const token = login.headers.get("x-subject-token") ?? "";
  const service = { type: "object-store", name: "swift" };
  const added = await ask(`${authUrl}/services`, { token, body: { service } });
  const { id } = ((await added.json()) as { service: { id: string } }).service;
  for (const kind of ["public", "internal"]) {
    const url = `http://127.0.0.1:${swiftPort}/v1/AUTH_$(project_id)s`;
    const endpoint = { service_id: id, interface: kind, url, region_id: "region-one" };
    await ask(`${authUrl}/endpoints`, { token, body: { endpoint } });
  }
}

async function ask(
  url: string,
  { method = "POST", token, body }: { method?: string; token?: string; body?: object },
): Promise<Response> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { "x-auth-token": token }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${await answer.text()}`);
  return answer;
}
