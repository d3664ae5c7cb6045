import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { SwiftConfig } from "../../../server/objstore/bucket-config.ts";
import { HttpClient } from "../../../server/objstore/http-client.ts";
import { logIn, type SwiftSession, withEnvironment } from "../../../server/objstore/swift-auth.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const catalogue = {
  token: {
    catalog: [
      { type: "compute", endpoints: [{ interface: "public", url: "http://compute" }] },
      {
        type: "object-store",
        endpoints: [
          { interface: "internal", url: "http://inside/v1/AUTH_a", region_id: "one" },
          { interface: "public", url: "http://one/v1/AUTH_a/", region_id: "one" },
          { interface: "public", url: "http://two/v1/AUTH_a", region_id: "two" },
        ],
      },
    ],
  },
};

/** Logs in at a Keystone that takes everything; gives the session and what was asked. */
async function logInAt(config: Partial<SwiftConfig>, answer: object = catalogue) {
  let asked: unknown;
  let path = "";
  server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      path = request.url ?? "";
      asked = JSON.parse(Buffer.concat(pieces).toString());
      response.writeHead(201, { "x-subject-token": "token" }).end(JSON.stringify(answer));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const authUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`;
  const call = { signal: AbortSignal.timeout(5_000), address: "swift://c" };
  const http = new HttpClient();
  const login = logIn({ containerName: "c", authUrl, ...config }, http, call);
  const session: SwiftSession | Error = await login.catch((error: Error) => error);
  http.close();
  return { session, asked, path };
}

const password = { username: "u", password: "p", projectName: "proj" };

test("a password, with the domains that are named", async () => {
  const domains = { userDomainName: "Users", projectDomainId: "d1" };
  const { session, asked, path } = await logInAt({ ...password, ...domains });
  expect(path).toBe("/v3/auth/tokens");
  expect(session).toEqual({ token: "token", storageUrl: "http://one/v1/AUTH_a" });
  expect(asked).toEqual({
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: "u", domain: { name: "Users" }, password: "p" } },
      },
      scope: { project: { name: "proj", domain: { id: "d1" } } },
    },
  });
});

test("domains that nobody names are the default one", async () => {
  const { asked } = await logInAt(password);
  expect(asked).toMatchObject({
    auth: {
      identity: { password: { user: { domain: { id: "default" } } } },
      scope: { project: { domain: { id: "default" } } },
    },
  });
});

test("an application credential carries its scope in itself", async () => {
  const secret = { applicationCredentialId: "id", applicationCredentialSecret: "s" };
  const { asked } = await logInAt({ ...password, ...secret });
  expect(asked).toEqual({
    auth: {
      identity: {
        methods: ["application_credential"],
        application_credential: { id: "id", secret: "s" },
      },
    },
  });
});

test("the address is that of the region and the kind that are named", async () => {
  const two = await logInAt({ ...password, regionName: "two" });
  expect(two.session).toMatchObject({ storageUrl: "http://two/v1/AUTH_a" });
  const inside = await logInAt({ ...password, endpointType: "internal" });
  expect(inside.session).toMatchObject({ storageUrl: "http://inside/v1/AUTH_a" });
  const none = await logInAt({ ...password, regionName: "three" });
  expect(none.session).toMatchObject({
    id: "err-urd-bucket-refused",
    message: expect.stringMatching(/no public object-store in region three/),
  });
});

test("what is no answer of Keystone's is not believed", async () => {
  const { session } = await logInAt(password, { token: { catalog: "none" } });
  expect(session).toMatchObject({ id: "err-urd-bucket-unavailable" });
});

test("what the configuration leaves open comes from the environment", () => {
  const environment = {
    OS_AUTH_URL: "http://keystone/v3",
    OS_USERNAME: "env-user",
    OS_PASSWORD: "env-password",
    OS_TENANT_NAME: "env-tenant",
    OS_REGION_NAME: "",
  };
  const config = withEnvironment({ containerName: "c", username: "own" }, environment);
  expect(config).toMatchObject({
    authUrl: "http://keystone/v3",
    username: "own",
    password: "env-password",
    projectName: "env-tenant",
    regionName: undefined,
  });
});
