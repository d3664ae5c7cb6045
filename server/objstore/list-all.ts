import type { Bucket, BucketCall, ListPage, ListRequest } from "./bucket.ts";

/** All pages of a list, in order. The next page is fetched when it is asked for. */
export async function* listPages(
  bucket: Bucket,
  request: Omit<ListRequest, "after">,
  call: BucketCall,
): AsyncGenerator<ListPage> {
  let after: string | undefined;
  do {
    const page = await bucket.list({ ...request, after }, call);
    yield page;
    after = page.next;
  } while (after !== undefined);
}
