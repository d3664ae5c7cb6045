import { assert } from "../platform/base/index.ts";
import { md5 } from "./body.ts";
import type { BucketCall, PartTag, Upload, UploadPart } from "./bucket.ts";

/** Where the parts of one upload go. */
export interface SegmentsPlace {
  /** Container of the object. */
  readonly container: string;
  /** Container of the segments. */
  readonly segments: string;
  /** Name of this upload among those to the same object. */
  readonly id: string;
}

/** What an upload asks of its bucket. */
export interface SwiftUploadSteps {
  readonly put: (request: PutRequest, call: BucketCall) => Promise<void>;
  /** Version of the object that stands under the upload's name. */
  readonly versionNow: (call: BucketCall) => Promise<string | undefined>;
  /** Deletes the segments of all uploads to the same name but `keep`. */
  readonly deleteSegments: (keep: string | undefined, call: BucketCall) => Promise<void>;
}

interface PutRequest {
  readonly method: "PUT";
  readonly container: string;
  readonly name: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

interface Segment {
  readonly path: string;
  readonly etag: string;
  readonly size_bytes: number;
}

/** A static large object: segments, and a manifest that Swift checks against them. */
export class SwiftUpload implements Upload {
  readonly parallel = true;
  readonly #name: string;
  readonly #place: SegmentsPlace;
  readonly #steps: SwiftUploadSteps;
  readonly #segments = new Map<number, Segment>();
  /** Version of the object once it is complete; undefined before `complete` was tried. */
  #wanted: string | undefined;

  constructor(name: string, place: SegmentsPlace, steps: SwiftUploadSteps) {
    this.#name = name;
    this.#place = place;
    this.#steps = steps;
  }

  async storePart({ number, bytes }: UploadPart, call: BucketCall): Promise<PartTag> {
    const { segments, id } = this.#place;
    const name = `${this.#name}/${id}/${String(number).padStart(8, "0")}`;
    const etag = md5(bytes, "hex");
    const put = {
      method: "PUT",
      container: segments,
      name,
      headers: { etag },
      body: bytes,
    } as const;
    await this.#steps.put(put, call);
    this.#segments.set(number, { path: `/${segments}/${name}`, etag, size_bytes: bytes.length });
    return etag;
  }

  async complete(tags: readonly PartTag[], call: BucketCall): Promise<void> {
    const manifest = tags.map((_, number) => this.#segments.get(number));
    assert(!manifest.includes(undefined), "a part of an upload was never stored");
    this.#wanted = md5(Buffer.from(tags.join("")), "hex");
    await this.#steps.put(
      {
        method: "PUT",
        container: this.#place.container,
        name: this.#name,
        query: { "multipart-manifest": "put" },
        headers: { "content-type": "application/octet-stream" },
        body: Buffer.from(JSON.stringify(manifest)),
      },
      call,
    );
    // What an older object of this name was made of is of no use now.
    await this.#steps.deleteSegments(this.#place.id, call);
  }

  async abort(call: BucketCall): Promise<void> {
    // A `complete` that failed may have been done all the same: then the segments are the object.
    const isDone =
      this.#wanted !== undefined && (await this.#steps.versionNow(call)) === this.#wanted;
    await this.#steps.deleteSegments(isDone ? this.#place.id : undefined, call);
  }
}
