import { expect, test } from "vitest";
import { urdError } from "../../../server/model/index.ts";
import { UrdError } from "../../../server/platform/base/index.ts";
import { errorDetailOf, errorOfDetail } from "../../../server/wire/index.ts";

test("an error keeps everything on its way through the status details", () => {
  const error = urdError("max-series-per-query", "Too many.", {
    limit: 7,
    series: 'up{a="b"}',
    retryAfterMs: 1500,
  });
  const back = errorOfDetail(errorDetailOf(error));
  expect(back).toBeInstanceOf(UrdError);
  expect(back).toMatchObject({
    id: "err-urd-max-series-per-query",
    entry: error.entry,
    message: "Too many.",
    limit: 7,
    series: 'up{a="b"}',
    retryAfterMs: 1500,
  });
});

test("facts that were not told stay undefined", () => {
  const back = errorOfDetail(errorDetailOf(urdError("internal", "Oh.")));
  expect([back.limit, back.series, back.retryAfterMs]).toEqual([undefined, undefined, undefined]);
});

test("an id of a newer version keeps id, option and whether to retry", () => {
  const detail = errorDetailOf(urdError("shard-unavailable", "Later."));
  detail.id = "err-urd-of-tomorrow";
  detail.option = "some.option";
  expect(errorOfDetail(detail)).toMatchObject({
    id: "err-urd-of-tomorrow",
    entry: { code: "UNAVAILABLE", retryable: true, option: "some.option" },
  });
});
