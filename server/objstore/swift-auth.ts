import * as z from "zod";
import type { SwiftConfig } from "./bucket-config.ts";
import { type FaultPlace, refused, statusFault, unavailable } from "./faults.ts";
import {
  discard,
  headerOf,
  type HttpAnswer,
  type HttpClient,
  parseJson,
  readText,
} from "./http-client.ts";

/** The right to use an account of Swift. */
export interface SwiftSession {
  readonly token: string;
  /** Address of the account, without a slash at its end. */
  readonly storageUrl: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Fills what a configuration leaves open from the variables that OpenStack's own clients read. */
export function withEnvironment(config: SwiftConfig, environment: Environment): SwiftConfig {
  const from = (...names: string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== "");
  return {
    ...config,
    authUrl: config.authUrl ?? from("OS_AUTH_URL", "ST_AUTH"),
    username: config.username ?? from("OS_USERNAME", "ST_USER"),
    userId: config.userId ?? from("OS_USER_ID"),
    password: config.password ?? from("OS_PASSWORD", "ST_KEY"),
    userDomainName: config.userDomainName ?? from("OS_USER_DOMAIN_NAME"),
    userDomainId: config.userDomainId ?? from("OS_USER_DOMAIN_ID", "OS_DEFAULT_DOMAIN"),
    projectName: config.projectName ?? from("OS_PROJECT_NAME", "OS_TENANT_NAME"),
    projectId: config.projectId ?? from("OS_PROJECT_ID", "OS_TENANT_ID"),
    projectDomainName: config.projectDomainName ?? from("OS_PROJECT_DOMAIN_NAME"),
    projectDomainId: config.projectDomainId ?? from("OS_PROJECT_DOMAIN_ID", "OS_DEFAULT_DOMAIN"),
    applicationCredentialId: config.applicationCredentialId ?? from("OS_APPLICATION_CREDENTIAL_ID"),
    applicationCredentialName:
      config.applicationCredentialName ?? from("OS_APPLICATION_CREDENTIAL_NAME"),
    applicationCredentialSecret:
      config.applicationCredentialSecret ?? from("OS_APPLICATION_CREDENTIAL_SECRET"),
    regionName: config.regionName ?? from("OS_REGION_NAME"),
  };
}

/** Asks for a session, by the version that the configuration or the address names. */
export function logIn(
  config: SwiftConfig,
  http: HttpClient,
  call: { signal: AbortSignal; address: string },
): Promise<SwiftSession> {
  const at = { address: call.address, attempt: "log in" };
  if (config.authUrl === undefined) {
    throw refused(at, "no address to log in at is configured (auth_url or OS_AUTH_URL)");
  }
  const url = parseUrl(config.authUrl, at);
  const isVersion1 = config.authVersion === 1 || /\/v1(\.0)?\/?$/.test(url.pathname);
  const login = { config, http, url, at, signal: call.signal };
  return isVersion1 && config.authVersion !== 3 ? logInVersion1(login) : logInVersion3(login);
}

interface Login {
  readonly config: SwiftConfig;
  readonly http: HttpClient;
  readonly url: URL;
  readonly at: FaultPlace;
  readonly signal: AbortSignal;
}

/** Version 1: user and key in headers, token and address in headers. */
async function logInVersion1({ config, http, url, at, signal }: Login): Promise<SwiftSession> {
  const headers = { "x-auth-user": config.username ?? "", "x-auth-key": config.password ?? "" };
  const answer = await http.send({ method: "GET", url, headers, signal }, at);
  discard(answer);
  checkLogin(answer, at);
  const token = headerOf(answer, "x-auth-token");
  const storageUrl = headerOf(answer, "x-storage-url");
  if (token === undefined || storageUrl === undefined) {
    throw unavailable(at, "the answer names no token or no address");
  }
  return { token, storageUrl: storageUrl.replace(/\/$/, "") };
}

/** What of Keystone's answer is needed; everything else may be there. */
const tokenAnswer = z.object({
  token: z.object({
    catalog: z
      .array(
        z.object({
          type: z.string(),
          endpoints: z.array(
            z.object({
              interface: z.string(),
              url: z.string(),
              region: z.string().nullish(),
              region_id: z.string().nullish(),
            }),
          ),
        }),
      )
      .optional(),
  }),
});

/** Version 3: Keystone gives a token in a header, and a catalogue of addresses. */
async function logInVersion3(login: Login): Promise<SwiftSession> {
  const { config, http, url, at, signal } = login;
  const base = url.href.replace(/\/+$/, "").replace(/(\/v3)?(\/auth\/tokens)?$/, "");
  const answer = await http.send(
    {
      method: "POST",
      url: new URL(`${base}/v3/auth/tokens`),
      headers: { "content-type": "application/json" },
      body: Buffer.from(JSON.stringify({ auth: { ...identity(config), ...scope(config) } })),
      signal,
    },
    at,
  );
  const text = await readText(answer, signal, at);
  checkLogin(answer, at);
  const token = headerOf(answer, "x-subject-token");
  const parsed = tokenAnswer.safeParse(parseJson(text, at));
  if (token === undefined || !parsed.success) {
    throw unavailable(at, "the answer is none of Keystone's");
  }
  const wanted = config.endpointType ?? "public";
  const { regionName } = config;
  const endpoint = (parsed.data.token.catalog ?? [])
    .filter((service) => service.type === "object-store")
    .flatMap((service) => service.endpoints)
    .filter((each) => each.interface === wanted)
    .find((each) => regionName === undefined || (each.region_id ?? each.region) === regionName);
  if (endpoint === undefined) {
    const where = regionName === undefined ? "" : ` in region ${regionName}`;
    throw refused(at, `the catalogue has no ${wanted} object-store${where}; is a project named?`);
  }
  return { token, storageUrl: endpoint.url.replace(/\/$/, "") };
}

function identity(config: SwiftConfig): object {
  const { applicationCredentialId: id, applicationCredentialName: name } = config;
  if (id !== undefined || name !== undefined) {
    const secret = config.applicationCredentialSecret;
    const credential = id === undefined ? { name, secret, user: user(config) } : { id, secret };
    return {
      identity: { methods: ["application_credential"], application_credential: credential },
    };
  }
  const password = { user: { ...user(config), password: config.password } };
  return { identity: { methods: ["password"], password } };
}

function user({ userId, username, userDomainId, userDomainName }: SwiftConfig): object {
  if (userId !== undefined) return { id: userId };
  return { name: username, domain: domain(userDomainId, userDomainName) };
}

/** What the token is to be good for. An application credential has its scope in itself. */
function scope(config: SwiftConfig): object {
  const { projectId, projectName, projectDomainId, projectDomainName } = config;
  const isBound =
    config.applicationCredentialId !== undefined || config.applicationCredentialName !== undefined;
  if (isBound) return {};
  if (projectId !== undefined) return { scope: { project: { id: projectId } } };
  if (projectName === undefined) return {};
  const owner = domain(
    projectDomainId ?? config.userDomainId,
    projectDomainName ?? config.userDomainName,
  );
  return { scope: { project: { name: projectName, domain: owner } } };
}

/** Keystone's first domain has the id "default"; who names none means that one. */
function domain(id: string | undefined, name: string | undefined): object {
  return id === undefined && name !== undefined ? { name } : { id: id ?? "default" };
}

function checkLogin(answer: HttpAnswer, at: FaultPlace): void {
  if (answer.status >= 200 && answer.status < 300) return;
  if (answer.status === 401) throw refused(at, "the user or the password is not accepted");
  throw statusFault(at, answer);
}

function parseUrl(text: string, at: FaultPlace): URL {
  const url = URL.parse(text);
  if (url === null) throw refused(at, `${JSON.stringify(text)} is no address`);
  return url;
}
