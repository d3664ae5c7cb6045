import { defined } from "../platform/base/index.ts";
import type { BucketCall, PartTag, Upload, UploadPart } from "./bucket.ts";
import { type FaultPlace, statusFault, unavailable } from "./faults.ts";
import {
  discard,
  headerOf,
  type HttpAnswer,
  type HttpClient,
  type HttpRequest,
} from "./http-client.ts";

/** An open session of a resumable upload. */
export interface GcsSession {
  /** Where parts go; who knows it may write. */
  readonly uri: URL;
  readonly partSizeBytes: number;
}

/**
 * A resumable upload of Google Cloud Storage. Parts go one after another; the last one makes the
 * object, so that it is kept here until `complete`.
 */
export class GcsUpload implements Upload {
  readonly parallel = false;
  readonly #session: GcsSession;
  readonly #http: HttpClient;
  readonly #at: FaultPlace;
  /** Bytes that the store is known to have. */
  #storedBytes = 0;
  /** The store may have more than is known: a request's answer was lost. */
  #isUncertain = false;
  #last: UploadPart | undefined;
  #isComplete = false;

  constructor(session: GcsSession, http: HttpClient, at: FaultPlace) {
    this.#session = session;
    this.#http = http;
    this.#at = at;
  }

  async storePart(part: UploadPart, call: BucketCall): Promise<PartTag> {
    if (part.isLast) this.#last = part;
    else await this.#send(part, call);
    return String(part.number);
  }

  async complete(_tags: readonly PartTag[], call: BucketCall): Promise<void> {
    if (!this.#isComplete) await this.#send(defined(this.#last, "the last part"), call);
  }

  async abort(call: BucketCall): Promise<void> {
    if (this.#isComplete) return;
    const answer = await this.#request({ method: "DELETE", headers: {} }, call);
    discard(answer);
    // 499 says that it is cancelled; 404 and 410 that there is nothing any more.
    const { status } = answer;
    if (status >= 500 || status === 429) throw statusFault(this.#at, answer);
  }

  /** Sends what the store lacks of a part, until it has all of it. */
  async #send({ number, bytes, isLast }: UploadPart, call: BucketCall): Promise<void> {
    const start = number * this.#session.partSizeBytes;
    const end = start + bytes.length;
    if (this.#isUncertain) await this.#askWhatIsStored(call);
    if (this.#isComplete) return;
    const total = isLast ? String(end) : "*";
    while (this.#storedBytes < end) {
      const from = this.#storedBytes;
      if (from < start) throw unavailable(this.#at, `the store lost what it had from ${from} on`);
      const range = `bytes ${from}-${end - 1}/${total}`;
      this.#isUncertain = true;
      const body = bytes.subarray(from - start);
      this.#learn(
        await this.#request({ method: "PUT", headers: { "content-range": range }, body }, call),
      );
      if (this.#isComplete) return;
      if (this.#storedBytes <= from) throw unavailable(this.#at, "the store takes nothing");
    }
  }

  async #askWhatIsStored(call: BucketCall): Promise<void> {
    const headers = { "content-range": "bytes */*" };
    this.#learn(await this.#request({ method: "PUT", headers }, call));
  }

  /** Takes from an answer what the store has by now. */
  #learn(answer: HttpAnswer): void {
    discard(answer);
    const { status } = answer;
    if (status === 308) {
      const range = /^bytes=0-(\d+)$/.exec(headerOf(answer, "range") ?? "");
      this.#storedBytes = range === null ? 0 : Number(range[1]) + 1;
    } else if (status === 200 || status === 201) this.#isComplete = true;
    else throw statusFault(this.#at, answer);
    this.#isUncertain = false;
  }

  #request(
    request: Pick<HttpRequest, "method" | "headers" | "body">,
    { signal }: BucketCall,
  ): Promise<HttpAnswer> {
    signal?.throwIfAborted();
    const body = request.body ?? new Uint8Array(0);
    return this.#http.send({ ...request, url: this.#session.uri, body, signal }, this.#at);
  }
}
